/** From attempts to results: a test passes only if every attempt at it passes. */

import type { Attempt, Verdict } from "../results/mod.ts";
import type { RunSummary, TestResult } from "./types.ts";

/** What a test's verdict is if its attempts differ: the first of these that occurs. */
const GRAVITY: readonly Verdict["kind"][] = [
  "broken",
  "unsupported",
  "timeout",
  "fail",
  "xpass",
  "xfail",
  "skip",
  "pass",
];

/** The verdict over all attempts; undefined if there was none. */
function overall(attempts: readonly Attempt[]): Verdict | undefined {
  for (const kind of GRAVITY) {
    const found = attempts.find(({ verdict }) => verdict.kind === kind);
    if (found) return found.verdict;
  }
  return undefined;
}

/** The end of a run, for its summary. */
export type RunEnd = Pick<
  RunSummary,
  | "milliseconds"
  | "interrupted"
  | "scriptProblems"
  | "teardownProblems"
  | "stoppedByFailures"
  | "kernelLogReadable"
  | "settingChanges"
> & {
  /** How many attempts there should be at each test; undefined where the first failure decides. */
  repeat: number | undefined;
};

/** A test that attempts were made at. */
export type TriedTest = Pick<TestResult, "test" | "engine" | "engineLabel">;

function resultOf(
  { test, engine, engineLabel }: TriedTest,
  attempts: readonly Attempt[],
  repeat: number | undefined,
): TestResult {
  const inOrder = attempts.toSorted((a, b) => a.number - b.number || (a.retry ?? 0) - (b.retry ?? 0));
  // Of an attempt and those that tried again, the last one counts.
  const last = inOrder.filter(({ number }, at) => inOrder[at + 1]?.number !== number);
  const times = repeat === undefined ? 0 : (test.repeat ?? repeat);
  const passed = last.filter(({ verdict }) => verdict.kind === "pass").length;
  let verdict = overall(last);
  if (verdict === undefined || (verdict.kind === "pass" && passed < times)) {
    const all = repeat === undefined ? "" : ` of ${times}`;
    const reason = `the run was ended after ${last.length}${all} attempts`;
    verdict = { kind: "skip", reason, missing: [] };
  } else if (verdict.kind === "pass" && last.length < inOrder.length) {
    const failed = inOrder.filter((attempt) => !last.includes(attempt));
    verdict = { kind: "flaky", attempts: inOrder.length, reasons: failed.flatMap(shortly) };
  }
  return { test, engine, engineLabel, verdict, attempts: inOrder, passed };
}

/** What an attempt that was tried again had against it. */
function shortly({ verdict }: Attempt): readonly string[] {
  if (verdict.kind === "fail") return verdict.reasons;
  if (verdict.kind === "broken" || verdict.kind === "unsupported") return [verdict.reason];
  return verdict.kind === "timeout" ? [`${verdict.phase} took longer than ${verdict.seconds} s`] : [];
}

function countVerdicts(results: readonly TestResult[]): RunSummary["counts"] {
  const counts = {
    pass: 0,
    fail: 0,
    skip: 0,
    xfail: 0,
    xpass: 0,
    timeout: 0,
    unsupported: 0,
    broken: 0,
    flaky: 0,
  };
  for (const { verdict } of results) counts[verdict.kind]++;
  return counts;
}

/** Verdicts that don't let the run fail. */
const HARMLESS: ReadonlySet<Verdict["kind"]> = new Set(["pass", "flaky", "skip", "xfail"]);

/** Whether a run goes well in spite of this verdict. */
export function isHarmless({ kind }: Verdict): boolean {
  return HARMLESS.has(kind);
}

/**
 * Sums a run up.
 *
 * @param attempts The attempts at each test, in the tests' order.
 * @param end How the run ended.
 */
export function summarize(
  attempts: ReadonlyMap<TriedTest, readonly Attempt[]>,
  { repeat, ...end }: RunEnd,
): RunSummary {
  const results = [...attempts].map(([test, made]) => resultOf(test, made, repeat));
  const counts = countVerdicts(results);
  return {
    results,
    counts,
    passed: counts.pass + counts.flaky,
    flaky: counts.flaky,
    failed: results.filter(({ verdict }) => !isHarmless(verdict)).length,
    skipped: counts.skip,
    xfailed: counts.xfail,
    ...end,
  };
}
