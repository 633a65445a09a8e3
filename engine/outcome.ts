/** What recordings and replays both end with. */
import { waitStatus } from "../ffi/mod.ts";

/** How a program ended. */
export type Exit = { code: number } | { signal: number };

/** Counts of a run. */
export interface Totals {
  /** Retired conditional branches of all tasks. */
  ticks: number;
  events: number;
  signals: number;
  switches: number;
}

/** A run that has not begun. */
export function noTotals(): Totals {
  return { ticks: 0, events: 0, signals: 0, switches: 0 };
}

/** What a run cost, in counts that do not depend on the machine's speed. */
export interface Cost {
  /** How often a task was stopped. */
  stops: number;
  /** How often code in the cache trapped: for text that was not translated, or a branch that was not linked. */
  traps: number;
  /** Bytes of code that were translated in this run. */
  translatedBytes: number;
}

/** How a run ended. */
export interface Outcome extends Totals {
  /** How the first process ended; undefined if it did not get there. */
  exit: Exit | undefined;
  /** Missing where nothing was started. */
  cost?: Cost;
}

/** A wait status as an exit. */
export function exitOf(status: number): Exit {
  const decoded = waitStatus(status);
  return decoded.kind === "killed"
    ? { signal: decoded.signal }
    : { code: decoded.kind === "exited" ? decoded.code : 0 };
}
