/** Replay: the door of this folder. */
import { Interrupted } from "../interrupts.ts";
import { exitOf, type Outcome, type Totals } from "../outcome.ts";
import type { TaskPlace } from "../session/task-places.ts";
import { TraceError } from "../trace/mod.ts";
import { type Difference, Divergence } from "./divergence.ts";
import { ReplaySession } from "./session.ts";

/** What to replay. */
export interface ReplayOptions {
  /** Folder of the trace. */
  directory: string;
  /** No messages of the engine's own. */
  quiet: boolean;
}

/** How a replay ended. */
export interface ReplayResult extends Outcome {
  /** Why the kernel was not asked to hold replayed processes by a filter of system calls, where it can't. */
  unfiltered?: string;
  /** `partial`: the trace ends before the program did; `interrupted`: the replay was told to stop. */
  outcome: "replayed" | "diverged" | "partial" | "interrupted";
  /** One line for the user, or "". */
  message: string;
  /** Index of the last event that was replayed, or that diverged. */
  event: number;
  /** Of a divergence: how recording and replay differ, where the task got to the event at all. */
  difference?: Difference;
  /** Of a replay that was told to stop: where each task stood. */
  places?: readonly TaskPlace[];
}

/**
 * Replays a trace; the program's output goes to the standard streams. Blocks.
 *
 * @throws TraceError for a trace that can't be read, EngineError if replay is not possible here.
 */
export function replay({ directory }: ReplayOptions): ReplayResult {
  using session = new ReplaySession({ directory });
  const result = outcomeOf(session, directory);
  // Tasks that are left count too.
  session.end();
  const { totals, cost, unfiltered } = session;
  return { ...totals, ...result, cost, ...(unfiltered !== undefined && { unfiltered }) };
}

function outcomeOf(session: ReplaySession, directory: string): Omit<ReplayResult, keyof Totals> {
  const { reader } = session;
  try {
    let event = session.step();
    while (event !== undefined && event.kind !== "end") event = session.step();
    const last = reader.position;
    if (event?.reason === "exited") {
      return { outcome: "replayed", message: event.message, event: last, exit: exitOf(event.status) };
    }
    if (session.position === 0) {
      throw new TraceError({
        what: `The recording was cut off before its first event (${reader.incomplete ?? "nothing was recorded"})`,
        where: directory,
        mend: "record the program again",
      });
    }
    const message = event ? `the recording ends here: ${event.message}` : (reader.incomplete ?? "");
    return { outcome: "partial", message, event: last, exit: undefined };
  } catch (error) {
    if (error instanceof Interrupted) {
      const message = "the replay was told to stop";
      const { places } = session;
      const exit = { signal: error.signal };
      return { outcome: "interrupted", message, event: reader.position, exit, ...(places && { places }) };
    }
    if (!(error instanceof Divergence)) throw error;
    const { message, index: event, difference } = error;
    return { outcome: "diverged", message, event, exit: undefined, ...(difference && { difference }) };
  }
}
