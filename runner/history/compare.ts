/** Two runs, or two hosts, side by side; and the bounds beyond which a difference is a regression. */

import { median } from "../results/mod.ts";
import { group } from "../text/mod.ts";
import type { AttemptRow } from "./rows.ts";
import { type Trend, trendsOf } from "./trends.ts";

/** One side of a comparison: a test's figures there; undefined where it was not run or has none. */
export interface Side {
  attempts: number;
  failed: number;
  ticks: number | undefined;
  overhead: number | undefined;
  /** That of its fastest attempt: a difference within the spread of the attempts is none. @default the same */
  leastOverhead?: number | undefined;
}

/** A test on both sides. */
export interface Comparison {
  test: string;
  before: Side | undefined;
  after: Side | undefined;
}

/** The figures of a side: medians over its runs. */
export function sideOf({ attempts, failed, points }: Trend): Side {
  const middle = (pick: (point: Trend["points"][number]) => number | undefined) =>
    median(points.map(pick).filter((value) => value !== undefined));
  return {
    attempts,
    failed,
    ticks: middle(({ ticks }) => ticks),
    overhead: middle(({ overhead }) => overhead),
    leastOverhead: middle(({ leastOverhead }) => leastOverhead),
  };
}

/**
 * Puts two sets of attempts side by side.
 *
 * @param before The older run, or the first host.
 * @param after The other one.
 * @returns A line for each test that is on one of the sides, by name.
 */
export function compareAttempts(before: readonly AttemptRow[], after: readonly AttemptRow[]): Comparison[] {
  const sides = [before, after].map(
    (attempts) => new Map(trendsOf(attempts).map((trend) => [trend.test, sideOf(trend)])),
  ) as [Map<string, Side>, Map<string, Side>];
  const tests = new Set(sides.flatMap((side) => [...side.keys()]));
  return [...tests]
    .toSorted()
    .map((test) => ({ test, before: sides[0].get(test), after: sides[1].get(test) }));
}

/** How much worse than before something may be, as a part of it: 0.1 is a tenth. */
export interface Bounds {
  ticks: number;
  overhead: number;
}

/** What is shared by tests that are as they were: ticks hardly change, times do by noise alone. */
export const DEFAULT_BOUNDS: Bounds = { ticks: 0.01, overhead: 0.5 };

/**
 * What has become worse beyond the bounds.
 *
 * @returns A sentence for each test and figure.
 */
export function regressions(comparisons: readonly Comparison[], bounds: Bounds): string[] {
  return comparisons.flatMap(({ test, before, after }) => {
    if (!before || !after) return [];
    const worse: string[] = [];
    const { ticks, overhead } = bounds;
    if (before.ticks && after.ticks && Math.abs(after.ticks / before.ticks - 1) > ticks) {
      worse.push(
        `${test}: ${group(Math.round(after.ticks))} ticks, the baseline has ${group(Math.round(before.ticks))} ` +
          `(${changeText(before.ticks, after.ticks)}; the bound is ${(ticks * 100).toFixed(1)} %)`,
      );
    }
    const least = after.leastOverhead ?? after.overhead;
    if (before.overhead && after.overhead && least && least / before.overhead - 1 > overhead) {
      worse.push(
        `${test}: record takes ${after.overhead.toFixed(2)}× the native time, the baseline ` +
          `${before.overhead.toFixed(2)}× (${changeText(before.overhead, after.overhead)}; ` +
          `the bound is ${(overhead * 100).toFixed(1)} %)`,
      );
    }
    return worse;
  });
}

/** "+2.5 %" */
export function changeText(before: number, after: number): string {
  const change = (after / before - 1) * 100;
  return `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)} %`;
}
