/** The ticks that a test is expected to have: those of its earlier passes. */
import { median } from "../median.ts";
import type { AttemptRow } from "./store.ts";

/** Which passes count. */
export interface BaselineOf {
  /** The run that is compared with it. */
  run: number | undefined;
  engine: string;
  /** Profile that the test runs on; "" for the live host. */
  describedHost: string;
}

/**
 * Finds the baseline of a test.
 *
 * @param attempts All at the test on a host.
 * @returns The median of earlier passes; undefined if there are none.
 */
export function baselineTicks(
  attempts: readonly AttemptRow[],
  { run, engine, describedHost }: BaselineOf,
): number | undefined {
  const passes = attempts.filter(
    (attempt) =>
      attempt.run !== run &&
      attempt.verdict === "pass" &&
      attempt.engine === engine &&
      attempt.describedHost === describedHost,
  );
  return median(passes.flatMap(({ ticks }) => ticks ?? []));
}
