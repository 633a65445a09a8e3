/** What a recorder has left that was killed: the part of the trace that was written by then can be read and replayed. */
import { summarize, TraceError } from "../../engine/trace/mod.ts";

/**
 * Counts what can be read.
 *
 * @param directory Of the trace.
 * @returns Its events; 0 where it has none, or is no trace yet.
 */
export function eventsOfPart(directory: string): number {
  try {
    return summarize(directory).events;
  } catch (error) {
    if (error instanceof TraceError) return 0;
    throw error;
  }
}
