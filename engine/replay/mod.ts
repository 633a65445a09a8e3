/** Replay: the door of this folder. */
import { close, spawnTraced } from "../../ffi/mod.ts";
import { catchInterrupts, Interrupted } from "../interrupts.ts";
import { readOptimisations } from "../optimisations.ts";
import { exitOf, type Outcome, type Totals } from "../outcome.ts";
import { TraceError, TraceReader } from "../trace/mod.ts";
import { blankProgram } from "./blank.ts";
import { type Difference, Divergence } from "./divergence.ts";
import { Replayer } from "./replayer.ts";

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
}

/**
 * Replays a trace; the program's output goes to the standard streams. Blocks.
 *
 * @throws TraceError for a trace that can't be read, EngineError if replay is not possible here.
 */
export function replay({ directory }: ReplayOptions): ReplayResult {
  using _ = catchInterrupts();
  readOptimisations();
  const reader = TraceReader.open(directory);
  const blank = blankProgram();
  const path = `/proc/${process.pid}/fd/${blank}`;
  const spawn = (): number => spawnTraced({ path, argv: ["tickproof"], env: [] });
  const replayer = new Replayer(reader, spawn);
  try {
    const result = outcomeOf(replayer, reader, directory);
    const { unfiltered } = replayer;
    return {
      ...replayer.totals,
      ...result,
      cost: replayer.cost,
      ...(unfiltered !== undefined && { unfiltered }),
    };
  } finally {
    close(blank);
    reader.close();
  }
}

function outcomeOf(
  replayer: Replayer,
  reader: TraceReader,
  directory: string,
): Omit<ReplayResult, keyof Totals> {
  try {
    const end = replayer.run();
    const event = reader.position;
    if (end?.reason === "exited") {
      return { outcome: "replayed", message: end.message, event, exit: exitOf(end.status) };
    }
    if (replayer.totals.events === 0) {
      throw new TraceError({
        what: `The recording was cut off before its first event (${reader.incomplete ?? "nothing was recorded"})`,
        where: directory,
        mend: "record the program again",
      });
    }
    const message = end ? `the recording ends here: ${end.message}` : (reader.incomplete ?? "");
    return { outcome: "partial", message, event, exit: undefined };
  } catch (error) {
    if (error instanceof Interrupted) {
      const message = "the replay was told to stop";
      return { outcome: "interrupted", message, event: reader.position, exit: { signal: error.signal } };
    }
    if (!(error instanceof Divergence)) throw error;
    const { message, index: event, difference } = error;
    return { outcome: "diverged", message, event, exit: undefined, ...(difference && { difference }) };
  }
}
