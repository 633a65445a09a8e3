/** What the commands that look into a recording have in common: where they begin, and at which process. */

import type { Place } from "../../engine/debug/mod.ts";
import { SIG } from "../../ffi/mod.ts";
import { SIGNAL_BASE, UsageError } from "../errors/mod.ts";

/** Options of all of them. */
export const PLACE_OPTIONS = {
  at: {
    kind: "text",
    value: "PLACE",
    help: "where to begin: start, end, failure, an event's index, tick:N, signal, or signal:SIGSEGV",
  },
  process: {
    kind: "count",
    value: "PID",
    help: "the process, by its id in the recording; the first one by default",
  },
} as const;

/** Reads `--at`. */
export async function placeOf(text: string): Promise<Place> {
  const { parsePlace, PLACES } = await import("../../engine/debug/mod.ts");
  const place = parsePlace(text);
  if (place === undefined) throw new UsageError(`--at: '${text}' is no place; a place is ${PLACES}`);
  return place;
}

/**
 * The exit code of a command that has not got to its place.
 *
 * @param error What has ended it.
 * @throws UsageError for a place that the recording does not have; whatever else it was.
 */
export async function exitCodeOf(error: unknown): Promise<number> {
  const { Interrupted, NoSuchPlace } = await import("../../engine/debug/mod.ts");
  if (error instanceof Interrupted) return SIGNAL_BASE + error.signal;
  if (error instanceof NoSuchPlace) throw new UsageError(`--at: ${error.message}`);
  throw error;
}

/** Whether a pending signal ends a command. */
export function isEnding(signal: number): boolean {
  return signal !== 0 && signal !== SIG.SIGALRM;
}
