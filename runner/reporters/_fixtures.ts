/** Results of runs, for the tests of this folder. */
import type { Attempt, Verdict } from "../results/mod.ts";
import { shellTest } from "../run/_fixtures.ts";
import type { RunSummary, TestResult } from "../run/mod.ts";

/** An attempt that passed. */
export const good: Attempt = {
  number: 1,
  engine: "embedded",
  verdict: { kind: "pass" },
  counts: { ticks: 1_234_567, events: 42, signals: 2, switches: 1 },
  milliseconds: { native: 100, record: 150, replay: 120 },
};

/** An attempt that failed. */
export const bad: Attempt = {
  ...good,
  number: 2,
  verdict: { kind: "fail", reasons: ["ticks: recorded 1, replayed 2"] },
  folder: "/tmp/it's",
  trace: "/tmp/it's/trace",
};

/** A result with these attempts; skipped if there is none. */
export function result(name: string, ...attempts: Attempt[]): TestResult {
  const verdict = attempts.at(-1)?.verdict ?? {
    kind: "skip",
    reason: "this host has no 'x'",
    missing: ["x"],
  };
  const passed = attempts.filter((attempt) => attempt.verdict.kind === "pass").length;
  const test = shellTest("", { id: `shell/${name}`, name });
  return { test, engine: "embedded", engineLabel: "embedded", verdict, attempts, passed };
}

/** A result of one attempt with this verdict. */
export function resultOf(name: string, verdict: Verdict): TestResult {
  return result(name, { ...good, verdict });
}

/** A run with one test that passed, one that failed once, and one that was not run. */
export const summary: RunSummary = {
  results: [result("one", good), result("second", good, bad), result("third")],
  counts: { pass: 1, fail: 1, skip: 1, xfail: 0, xpass: 0, timeout: 0, unsupported: 0, broken: 0, flaky: 0 },
  passed: 1,
  failed: 1,
  skipped: 1,
  xfailed: 0,
  milliseconds: 2345,
  flaky: 0,
  interrupted: false,
  stoppedByFailures: false,
  teardownProblems: [],
  scriptProblems: [],
  kernelLogReadable: true,
  settingChanges: [],
};
