/** `assertSkipsOn()`: that a test's own conditions keep it from being run on a described host. */
import { dirname } from "node:path";
import type { EngineName } from "../host/mod.ts";
import { conditionsOf, decide, factsOf } from "../run/mod.ts";
import { AssertionError } from "./assert.js";
import type { TestConditions, TestDefinition } from "./definition.ts";
import { hostOf } from "./host.ts";
import { type Running, runningTest } from "./running.ts";

/** What is asserted of, if not the test that runs with the embedded engine. */
export interface SkipsOnOptions {
  /** Another test of the script, by name. @default the one that runs */
  test?: string;
  /** Conditions to take instead of those of the test. @default the test's */
  conditions?: TestConditions;
  /** @default "embedded" */
  engine?: EngineName;
}

/**
 * Asserts that a test would be skipped on a described host, by its own conditions.
 *
 * @example assertSkipsOn("haswell-kvm-4.7", { conditions: { unsupported: "kvm-in-txcp-bug" } });
 * @param host A name from manifests/hosts, or the path of a profile relative to the script.
 * @returns Why it would be skipped: what was found there, and the condition's reason.
 * @throws {AssertionError} If it would be run there; with what was found of each capability that it names.
 * @throws {TypeError} Outside of a test, or for the name of a test that is none of the script's.
 */
export function assertSkipsOn(host: string, options: SkipsOnOptions = {}): string {
  const running = runningTest();
  if (running === undefined) {
    throw new TypeError("Cannot tell which test is meant as none runs: call assertSkipsOn() in a test");
  }
  const test = testOf(running, options);
  const { engine = "embedded" } = options;
  const conditions = conditionsOf(test);
  const names = new Set(Object.values(conditions).flatMap((list) => list.flatMap(({ when }) => when)));
  const facts = factsOf(hostOf(host, dirname(running.test.location.file)), names);
  const decision = decide(conditions, engine, facts, false);
  if (decision.kind === "skip") return decision.note.text;
  if (decision.kind === "broken") throw new AssertionError(decision.reason);
  const found = [...names].map((name) => {
    const { state, evidence } = facts.capabilities.get(name) ?? { state: "unknown", evidence: "not asked" };
    return `  ${name}: ${state} (${evidence})`;
  });
  throw new AssertionError(
    [
      `The test '${test.name}' would be run on ${host} by the ${engine} engine: no reason to skip it holds there`,
      ...(found.length > 0 ? found : ["  it names no capability in 'requires' or 'unsupported'"]),
    ].join("\n"),
  );
}

function testOf({ test, tests }: Running, { test: name, conditions }: SkipsOnOptions): TestDefinition {
  const meant = name === undefined ? test : tests.find((other) => other.name === name);
  if (meant === undefined) {
    const names = tests.map((other) => `'${other.name}'`).join(", ");
    throw new TypeError(`Cannot find the test '${name}' as its script has only ${names}`);
  }
  if (conditions === undefined) return meant;
  const { fn, location } = meant;
  return { name: meant.name, fn, location, ...conditions };
}
