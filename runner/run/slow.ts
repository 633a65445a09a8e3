/** Phases that take long: which they are, and from when on. */
import type { Attempt, Phase } from "../results/mod.ts";
import type { TestCase } from "./types.ts";

/** A phase that takes longer is slow, where nobody says: most tests take less than a second. */
const DEFAULT_SLOW_SECONDS = 20;

/** Milliseconds from which on a phase of a test is slow. */
export function slowAfter({ slowSeconds = DEFAULT_SLOW_SECONDS }: TestCase): number {
  return slowSeconds * 1000;
}

/** The phases of an attempt that were slow. */
export function slowPhases({ milliseconds }: Attempt, test: TestCase): Phase[] {
  const phases = Object.entries(milliseconds) as [Phase, number][];
  return phases.filter(([, took]) => took > slowAfter(test)).map(([phase]) => phase);
}
