/** What a history says of each test: how often it fails and since when, and how it has changed. */
import { median } from "../results/mod.ts";
import type { AttemptRow, Total } from "./rows.ts";
import { type Rate, rateOf } from "./statistics.ts";

/** Verdicts of attempts that tell nothing of the test: it was not run, or not by its own fault. */
const SILENT: ReadonlySet<string> = new Set(["skip", "unsupported", "broken"]);
const GOOD: ReadonlySet<string> = new Set(["pass", "xfail"]);

/** It says nothing of the test: it was not run, or went wrong by another's fault. */
export function isSilent({ verdict }: Pick<AttemptRow, "verdict">): boolean {
  return SILENT.has(verdict);
}

/** It failed, in one way or another. */
export function isBad({ verdict }: Pick<AttemptRow, "verdict">): boolean {
  return !SILENT.has(verdict) && !GOOD.has(verdict);
}

/** One run of a test, all its attempts together. */
export interface TrendPoint {
  run: number;
  startedAt: string;
  host: string;
  kernel: string;
  attempts: number;
  failed: number;
  /** Medians over the attempts that passed; undefined where there is none. */
  ticks: number | undefined;
  /** Time under record over that of the native run. */
  overhead: number | undefined;
  /** The same of the fastest attempt. */
  leastOverhead: number | undefined;
}

/** What is known of a test. */
export interface Trend {
  test: string;
  attempts: number;
  failed: number;
  skipped: number;
  /** How often an attempt fails. */
  flakeRate: Rate;
  /** The oldest attempt that failed. */
  firstFailure: AttemptRow | undefined;
  lastVerdict: string;
  /** The oldest first. */
  points: readonly TrendPoint[];
}

/** Shorter native runs are mostly start-up and noise: nothing is compared with them. In milliseconds. */
export const LEAST_NATIVE_MS = 10;

/** Time under record over that of the native run; undefined where one is missing, or the native one is too short. */
export function overheadOf({
  nativeMs,
  recordMs,
}: Pick<AttemptRow, "nativeMs" | "recordMs">): number | undefined {
  return nativeMs && recordMs && nativeMs >= LEAST_NATIVE_MS ? recordMs / nativeMs : undefined;
}

const present = (value: number | null | undefined): value is number => value !== null && value !== undefined;

function pointOf(attempts: readonly AttemptRow[]): TrendPoint {
  const [{ run, startedAt, host, kernel }] = attempts as [AttemptRow, ...AttemptRow[]];
  const passed = attempts.filter(({ verdict }) => GOOD.has(verdict));
  // Only the first few attempts of a run have a native time; the others are compared with the same.
  const native = median(attempts.map(({ nativeMs }) => nativeMs).filter(present));
  const records = passed.map(({ recordMs }) => recordMs).filter(present);
  const overhead = (recordMs: number | undefined) =>
    overheadOf({ nativeMs: native ?? null, recordMs: recordMs ?? null });
  return {
    run,
    startedAt,
    host,
    kernel,
    attempts: attempts.length,
    failed: attempts.length - passed.length,
    ticks: median(passed.map(({ ticks }) => ticks).filter(present)),
    overhead: overhead(median(records)),
    leastOverhead: overhead(records.length > 0 ? Math.min(...records) : undefined),
  };
}

/**
 * Sums up what a history has of each test.
 *
 * @param attempts The oldest first, as `History.attempts` gives them.
 * @returns A trend for each test, by name.
 */
export function trendsOf(attempts: readonly AttemptRow[]): Trend[] {
  const byTest = Map.groupBy(attempts, ({ test }) => test);
  return [...byTest]
    .map(([test, all]) => {
      const telling = all.filter((attempt) => !isSilent(attempt));
      const bad = telling.filter(isBad);
      return {
        test,
        attempts: telling.length,
        failed: bad.length,
        skipped: all.length - telling.length,
        flakeRate: rateOf(bad.length, telling.length),
        firstFailure: bad[0],
        lastVerdict: all.at(-1)?.verdict ?? "",
        points: [...Map.groupBy(telling, ({ run }) => run).values()].map(pointOf),
      };
    })
    .toSorted((a, b) => a.test.localeCompare(b.test));
}

/**
 * A trend whose attempts are counted already.
 *
 * @param total What all of its attempts come to.
 * @param firstFailure The oldest attempts that failed, or all of the run that they were in.
 * @param newest Its newest attempts, the oldest of them first: what its points are made of.
 */
export function trendFrom(
  { test, attempts, failed, silent }: Total,
  firstFailure: readonly AttemptRow[],
  newest: readonly AttemptRow[],
): Trend {
  const [shown] = trendsOf(newest);
  return {
    test,
    attempts,
    failed,
    skipped: silent,
    flakeRate: rateOf(failed, attempts),
    firstFailure: firstFailure.find(isBad),
    lastVerdict: shown?.lastVerdict ?? "",
    points: shown?.points ?? [],
  };
}
