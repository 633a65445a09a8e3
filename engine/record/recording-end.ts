/** How a recording came to its end. */
import { Unsupported } from "../engine-error.ts";
import { Interrupted } from "../interrupts.ts";
import type { TaskPlace } from "../session/task-places.ts";
import { UntoldEffect } from "./effect-check.ts";
import type { LeftProcess } from "./left-processes.ts";
import type { Recording } from "./recording.ts";
import { type Endless, Standstill } from "./standstill.ts";

/** What is said of a recording that was ended by a signal. */
export const TOLD = "the recorder was told to stop";

/** How a recording came to its end. */
export interface RecordingEnd {
  reason: "exited" | "interrupted" | "unsupported";
  /** Wait status of the first process, or the signal that interrupted the recording. */
  status: number;
  message: string;
  /** Where each task stood when the recorder was told to stop, if it was. */
  places?: readonly TaskPlace[];
  /** Why the recording has ended though the program would not. */
  endless?: Endless;
  /** Processes that lived on when the first one ended, and were ended with it. */
  left?: readonly LeftProcess[];
}

/**
 * The end of a recording that was told to stop, or that comes to what can't be recorded.
 *
 * @throws What has broken it off, if that is neither.
 */
export function brokenOff(error: unknown, recording: Recording): RecordingEnd {
  if (error instanceof Interrupted) {
    if (!error.lost) {
      recording.finishOutput();
      recording.mark(undefined);
    }
    return { reason: "interrupted", status: error.signal, message: TOLD };
  }
  if (error instanceof Standstill) {
    recording.mark(undefined);
    return { reason: "interrupted", status: 0, message: error.message, endless: error.why };
  }
  if (error instanceof Unsupported || error instanceof UntoldEffect)
    return { reason: "unsupported", status: 0, message: error.message };
  throw error;
}
