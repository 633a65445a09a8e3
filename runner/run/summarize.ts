/** From attempts to results: a test passes only if every attempt at it passes. */
import type { Attempt, RunSummary, TestCase, TestResult, Verdict } from "./types.ts";

/** What a test's verdict is if its attempts differ: the first of these that occurs. */
const GRAVITY: readonly Verdict["kind"][] = ["broken", "timeout", "fail", "skip", "pass"];

/** The verdict over all attempts; undefined if there was none. */
function overall(attempts: readonly Attempt[]): Verdict | undefined {
  for (const kind of GRAVITY) {
    const found = attempts.find(({ verdict }) => verdict.kind === kind);
    if (found) return found.verdict;
  }
  return undefined;
}

function resultOf(test: TestCase, attempts: readonly Attempt[], repeat: number): TestResult {
  const inOrder = attempts.toSorted((a, b) => a.number - b.number);
  const passed = inOrder.filter(({ verdict }) => verdict.kind === "pass").length;
  let verdict = overall(inOrder);
  if (verdict === undefined || (verdict.kind === "pass" && passed < repeat)) {
    verdict = { kind: "skip", reason: `the run was ended after ${inOrder.length} of ${repeat} attempts` };
  }
  return { test, verdict, attempts: inOrder, passed };
}

/**
 * Sums a run up.
 *
 * @param attempts The attempts at each test, in the tests' order.
 * @param repeat How many attempts there should be at each.
 * @param milliseconds How long the run took.
 * @param interrupted Whether it was ended early.
 */
export function summarize(
  attempts: ReadonlyMap<TestCase, readonly Attempt[]>,
  repeat: number,
  milliseconds: number,
  interrupted: boolean,
): RunSummary {
  const results = [...attempts].map(([test, made]) => resultOf(test, made, repeat));
  const count = (wanted: (kind: Verdict["kind"]) => boolean) =>
    results.filter(({ verdict }) => wanted(verdict.kind)).length;
  return {
    results,
    passed: count((kind) => kind === "pass"),
    failed: count((kind) => kind !== "pass" && kind !== "skip"),
    skipped: count((kind) => kind === "skip"),
    milliseconds,
    interrupted,
  };
}
