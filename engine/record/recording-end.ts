/** How a recording came to its end. */
import type { TaskPlace } from "../session/task-places.ts";
import type { LeftProcess } from "./left-processes.ts";

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
  /** Processes that lived on when the first one ended, and were ended with it. */
  left?: readonly LeftProcess[];
}
