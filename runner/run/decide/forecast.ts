/** What would happen to tests on a host, with each engine: nothing is run. */

import { type EngineName, judge } from "../../host/mod.ts";
import type { Note } from "../../results/mod.ts";
import type { Decision, TestCase } from "../types.ts";
import { decide, foreignCode, type HostFacts, needsEmbedded } from "./decide.ts";

/** A test with an engine, and what would happen. */
export interface Prospect {
  readonly test: TestCase;
  readonly engine: EngineName;
  readonly decision: Decision;
}

/** What would happen on one host. */
export interface Forecast {
  /** The host's name. */
  readonly host: string;
  readonly engines: readonly EngineName[];
  readonly prospects: readonly Prospect[];
}

/** What a forecast is made of. */
export interface ForecastSpec {
  host: string;
  tests: readonly TestCase[];
  engines: readonly EngineName[];
  force: boolean;
  /** What is known of a host by its name: all its capabilities. */
  facts: (host: string) => HostFacts;
}

/** Makes a forecast. A test that is meant for a described host of its own is told of on that one. */
export function forecast({ host, tests, engines, force, facts }: ForecastSpec): Forecast {
  const { subject } = facts(host);
  const prospects = tests.flatMap((test) =>
    engines.map((engine) => ({ test, engine, decision: foresee(test, engine, { host, force, facts }) })),
  );
  return { host: subject, engines, prospects };
}

function foresee(
  test: TestCase,
  engine: EngineName,
  { host, force, facts }: Pick<ForecastSpec, "host" | "force" | "facts">,
): Decision {
  if (test.skip !== undefined) return skip({ text: test.skip, capabilities: [], missing: [] });
  const onlyEmbedded = needsEmbedded(test);
  if (engine !== "embedded" && onlyEmbedded !== undefined) {
    return skip({ text: onlyEmbedded, capabilities: [], missing: [] });
  }
  const there = facts(test.host ?? host);
  const foreign = test.host === undefined ? undefined : foreignCode(there);
  if (foreign !== undefined) return skip(foreign);
  const decision = decide(test.conditions, engine, there, force);
  if (decision.kind !== "run" || test.host !== undefined) return decision;
  const { obstacles } = judge(engine, there.capabilities);
  if (obstacles.length === 0) return decision;
  const seen = obstacles.map(({ capability, evidence }) => `${capability} (${evidence})`).join(", ");
  const missing = obstacles.map(({ capability }) => capability);
  return skip({ text: `${there.subject} is no host for ${engine}: ${seen}`, capabilities: missing, missing });
}

function skip(note: Note): Decision {
  return { kind: "skip", note };
}
