/**
 * From repeated runs to an answer for `git bisect run`: one failure is enough for "bad"; "good" takes as many passes
 * as make it unlikely that the failure was just missed.
 */

/** What `git bisect run` understands: 0 good, 1 bad, 125 "skip this commit" (git-bisect(1), "Bisect run"). */
import type { Verdict } from "../results/mod.ts";
export type Answer =
  | { kind: "good"; runs: number }
  | { kind: "bad"; runs: number; verdict: Verdict }
  /** This commit can't be tested. */
  | { kind: "untestable"; runs: number; reason: string };

/** How sure the answer has to be. */
export interface Demand {
  /** Part of the runs in which the failure shows, at least: 0.05 is one in twenty. */
  rate: number;
  /** Probability with which a failure of that rate shows: 0.95. */
  confidence: number;
}

/**
 * Runs that have to pass before "good" can be said: the smallest n with 1 − (1 − rate)ⁿ ≥ confidence.
 *
 * @throws {RangeError} If one of the two is not between 0 and 1.
 */
export function runsNeeded({ rate, confidence }: Demand): number {
  for (const [name, value] of Object.entries({ rate, confidence })) {
    if (!(value > 0 && value < 1)) {
      throw new RangeError(
        `Cannot plan runs as '${name}' must be between 0 and 1: current value is ${value}`,
      );
    }
  }
  // Rounded down a little: log(0.05) / log(0.95) must not become one more run by rounding.
  return Math.max(1, Math.ceil(Math.log1p(-confidence) / Math.log1p(-rate) - 1e-9));
}

/** Told after each run: how many have passed, and how many will be needed. */
export type Progress = (passed: number, needed: number) => void;

/**
 * Runs until the answer is sure enough.
 *
 * @param demand How sure.
 * @param run Makes run number n (from 1).
 * @param progress Told after each run that passed.
 */
export async function answerBy(
  demand: Demand,
  run: (number: number) => Promise<Verdict>,
  progress: Progress,
): Promise<Answer> {
  const needed = runsNeeded(demand);
  for (let runs = 1; runs <= needed; runs++) {
    const verdict = await run(runs);
    switch (verdict.kind) {
      case "pass":
      case "xpass":
      case "flaky":
        progress(runs, needed);
        break;
      case "fail":
      case "xfail":
      case "timeout":
        return { kind: "bad", runs, verdict };
      case "skip":
      case "unsupported":
      case "broken":
        return { kind: "untestable", runs, reason: verdict.reason };
    }
  }
  return { kind: "good", runs: needed };
}
