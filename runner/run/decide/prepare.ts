/** Before a run: which engine each test is given, and what its conditions come to there. Nothing runs yet. */

import type { Engine, Engines } from "../../engines/mod.ts";
import type { EngineName } from "../../host/mod.ts";
import type { EngineChoice } from "../../results/mod.ts";
import type { Decision, RunDecision, TestCase } from "../types.ts";
import { decide, foreignCode, type HostFacts, needsEmbedded } from "./decide.ts";

/** What tests are prepared with. */
export interface Surroundings {
  engines: Engines;
  /** Of `--engine`: instead of what manifests say. */
  choice: EngineChoice | undefined;
  /** Run also what is not supported. */
  force: boolean;
  /** What is known of this machine; or of a described host, by what a test's `host` names. */
  facts: (host: string | undefined) => HostFacts;
}

/** A decision, with the engine that it is carried out by. */
export type Plan = (RunDecision & { readonly by: Engine }) | Exclude<Decision, RunDecision>;

/** A test with what is to be done with it. */
export interface PreparedTest {
  readonly test: TestCase;
  readonly engine: EngineName;
  readonly plan: Plan;
}

/** Chooses a test's engine and decides. */
export function prepare(test: TestCase, surroundings: Surroundings): PreparedTest {
  const { engines, choice = test.engine, facts } = surroundings;
  if (test.skip !== undefined) {
    return { test, engine: choice === "rr" ? "rr" : "embedded", plan: skip(test.skip) };
  }
  const embedded = () => planned(test, engines.embedded, surroundings);
  if (choice === "embedded") return embedded();
  const { rr } = engines;
  const onlyEmbedded = needsEmbedded(test);
  if (choice === "auto") {
    if (!engines.rrIsFit || "refusal" in rr || onlyEmbedded !== undefined) return embedded();
    const byRr = planned(test, rr, surroundings);
    return byRr.plan.kind === "run" && byRr.plan.xfail === undefined ? byRr : embedded();
  }
  if (onlyEmbedded !== undefined) return { test, engine: "rr", plan: skip(onlyEmbedded) };
  if (!("refusal" in rr)) return planned(test, rr, surroundings);
  // What the manifest says of this host weighs more than that rr is not there.
  const decision = decide(test.conditions, "rr", facts(undefined), surroundings.force);
  const plan = decision.kind === "run" ? skip(rr.refusal, rr.missing) : decision;
  return { test, engine: "rr", plan };
}

function planned(test: TestCase, by: Engine, { facts, force }: Surroundings): PreparedTest {
  const known = facts(test.host);
  const foreign = test.host === undefined ? undefined : foreignCode(known);
  if (foreign !== undefined) return { test, engine: by.name, plan: { kind: "skip", note: foreign } };
  const decision = decide(test.conditions, by.name, known, force);
  return { test, engine: by.name, plan: decision.kind === "run" ? { ...decision, by } : decision };
}

function skip(text: string, missing: readonly string[] = []): Plan {
  return { kind: "skip", note: { text, capabilities: missing, missing } };
}
