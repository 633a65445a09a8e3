/**
 * What a test's conditions come to on a host, with an engine: whether it is run, and how its result is to be taken.
 * Every reason has the evidence that the host's probe has found.
 */

import { type Capabilities, type EngineName, probeOf } from "../../host/mod.ts";
import type { Condition, Conditions } from "../../manifest/mod.ts";
import type { Note } from "../../results/mod.ts";
import type { Decision, TestCase } from "../types.ts";

/** What is known of the host that a test is run on. */
export interface HostFacts {
  /** How it is called in a sentence: "this host", or a described host's name. */
  readonly subject: string;
  readonly capabilities: Capabilities;
  /** Probes that went wrong, with what they threw: nothing follows from them. */
  readonly broken: ReadonlyMap<string, string>;
}

/** What a described host must run for programs of this machine to be recorded as if there. */
export const PROGRAMS_OF = "x86-64";

/** A probe that went wrong ends the deciding. */
class ProbeFault extends Error {}

/**
 * Decides.
 *
 * @param conditions From the manifest.
 * @param engine The engine that the test is to be run by.
 * @param facts What is known of its host; all capabilities that the conditions name.
 * @param force Run also what is not supported, and mark it.
 */
export function decide(
  conditions: Conditions,
  engine: EngineName,
  facts: HostFacts,
  force: boolean,
): Decision {
  const about = (list: readonly Condition[]) =>
    list.filter((condition) => condition.engine.length === 0 || condition.engine.includes(engine));
  const holding = (list: readonly Condition[]) =>
    about(list).flatMap((condition) => noteIfHolds(condition, facts) ?? []);
  try {
    const lacking = about(conditions.requires).flatMap((condition) => noteIfLacking(condition, facts));
    const unsupported = holding(conditions.unsupported);
    const [first] = [...lacking, ...(force ? [] : unsupported)];
    if (first !== undefined) return { kind: "skip", note: first };
    const [xfail] = holding(conditions.xfail);
    const flags = holding(conditions.flag);
    return { kind: "run", flags, forced: unsupported, ...(xfail && { xfail }) };
  } catch (error) {
    if (error instanceof ProbeFault) return { kind: "broken", reason: error.message };
    throw error;
  }
}

/** Why a test can't be given to another engine than tickproof's own; undefined if it can. */
export function needsEmbedded({ host, target, signals = [] }: TestCase): string | undefined {
  if (host !== undefined) return "a described host needs the embedded engine";
  if (signals.some(({ at }) => at.ticks !== undefined)) return "a signal at a tick needs the embedded engine";
  return target.kind === "script" ? "scripts record with the embedded engine" : undefined;
}

/** Why no program can be recorded as on a test's described host; undefined if it can. */
export function foreignCode({ capabilities, subject }: HostFacts): Note | undefined {
  const finding = capabilities.get(PROGRAMS_OF);
  if (finding?.state !== "no") return undefined;
  const text = `no program of this machine can run as on ${subject}: ${finding.evidence}`;
  return { text, capabilities: [PROGRAMS_OF], missing: [PROGRAMS_OF] };
}

function finding(name: string, { capabilities, broken }: HostFacts) {
  const fault = broken.get(name);
  if (fault !== undefined) throw new ProbeFault(`the probe '${name}' went wrong: ${fault}`);
  return capabilities.get(name) ?? { state: "unknown", evidence: "not asked" };
}

function noteIfHolds(condition: Condition, facts: HostFacts): Note | undefined {
  const found = condition.when.map((name) => ({ name, ...finding(name, facts) }));
  if (found.some(({ state }) => state !== "yes")) return undefined;
  const seen = found.map(({ name, evidence }) => {
    const probe = probeOf(name);
    const what = probe?.kind === "fact" ? probe.title : `${facts.subject} has '${name}'`;
    return `${what} (${evidence})`;
  });
  return note(seen.join(", "), condition, []);
}

function noteIfLacking(condition: Condition, facts: HostFacts): Note[] {
  const missing = condition.when.filter((name) => finding(name, facts).state !== "yes");
  if (missing.length === 0) return [];
  const seen = missing.map((name) => {
    const { state, evidence } = finding(name, facts);
    return state === "no"
      ? `${facts.subject} has no '${name}' (${evidence})`
      : `it can't be told whether ${facts.subject} has '${name}' (${evidence})`;
  });
  return [note(seen.join(", "), condition, missing)];
}

function note(seen: string, { reason, url, when }: Condition, missing: readonly string[]): Note {
  const text = [seen, reason].filter(Boolean).join(": ");
  return { text, capabilities: when, missing, ...(url !== undefined && { url }) };
}
