/** Which hosts can do a job: what a test needs, held against what an agent has said of its host. */
import { CAPABILITY_NAMES, type EngineName } from "../host/mod.ts";
import type { Condition } from "../manifest/mod.ts";
import { decide, type HostFacts, needsEmbedded, type TestCase } from "../run/mod.ts";
import { sha256 } from "./bundle.ts";
import { type AgentFacts, type Needs, PROTOCOL } from "./protocol.ts";

/** What the command line says of hosts. */
export interface Wanted {
  agent: string | null;
  labels: readonly string[];
  engine: Needs["engine"] | undefined;
  force: boolean;
}

/** What a test needs of the host that runs it. */
export function needsOf(test: TestCase, { agent, labels, engine, force }: Wanted): Needs {
  // What a described host has is told by its profile, wherever the program runs.
  const told = test.host === undefined;
  return {
    agent,
    labels: labels.toSorted(),
    engine: engine ?? test.engine,
    onlyEmbedded: needsEmbedded(test) !== undefined,
    force,
    requires: told ? ofHosts(test.conditions.requires) : [],
    unsupported: told ? ofHosts(test.conditions.unsupported) : [],
    alone: test.alone,
    weight: test.weight,
    // Tests of one script share a process on one machine; here each has its own.
    exclusive: test.target.kind === "script" ? [] : test.exclusive.toSorted(),
  };
}

/** Conditions that agents know of; a manifest's own probes are asked where it runs. */
function ofHosts(conditions: readonly Condition[]): Condition[] {
  const known: readonly string[] = CAPABILITY_NAMES;
  return conditions.filter(({ when }) => when.every((name) => known.includes(name)));
}

/** The queue of all jobs that need the same. Members that speak another protocol have others. */
export function queueOf(needs: Needs): string {
  return `p${PROTOCOL}-${sha256(JSON.stringify(needs)).slice(0, 24)}`;
}

/** An agent as others see it. */
export interface Host {
  name: string;
  labels: readonly string[];
  facts: AgentFacts;
}

/** Why a host can't do a job, and which capabilities it lacks; undefined if it can. */
export function obstacle(needs: Needs, host: Host): { text: string; missing: readonly string[] } | undefined {
  if (needs.agent !== null && needs.agent !== host.name)
    return { text: `${host.name} is not ${needs.agent}`, missing: [] };
  const lacking = needs.labels.filter((label) => label !== host.name && !host.labels.includes(label));
  if (lacking.length > 0) return { text: `${host.name} has no label '${lacking.join("', '")}'`, missing: [] };
  const facts: HostFacts = {
    subject: host.name,
    capabilities: new Map(Object.entries(host.facts.capabilities)),
    broken: new Map(Object.entries(host.facts.broken)),
  };
  const by = (engine: EngineName) => obstacleBy(needs, engine, facts);
  const { rr } = host.facts.engines;
  if (needs.engine === "embedded") return by("embedded");
  const rrRuns = !needs.onlyEmbedded && !("refusal" in rr);
  if (needs.engine === "rr") {
    if (rrRuns) return by("rr");
    if (needs.onlyEmbedded || !("refusal" in rr))
      return { text: "it needs the embedded engine", missing: [] };
    return { text: `${host.name}: ${rr.refusal}`, missing: rr.missing };
  }
  if (rrRuns && rr.fit && by("rr") === undefined) return undefined;
  return by("embedded");
}

function obstacleBy({ requires, unsupported, force }: Needs, engine: EngineName, facts: HostFacts) {
  const decision = decide({ requires, unsupported, flag: [], xfail: [] }, engine, facts, force);
  // A probe that went wrong there is told of by the test's own verdict.
  return decision.kind === "skip" ? { text: decision.note.text, missing: decision.note.missing } : undefined;
}
