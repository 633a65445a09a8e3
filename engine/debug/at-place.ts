/** A debugger that stands at a place of a recording: what every question about a place begins with. */
import { Debugger, type DebuggerOptions } from "./debugger.ts";
import { EventIndex } from "./event-index.ts";
import { failedProcess, goTo, NoSuchPlace, type Place } from "./place.ts";

/** Which place of which recording. */
export interface PlaceOptions {
  /** Folder of the trace. */
  directory: string;
  at: Place;
  /** The process, by its id in the recording. @default for `failure` the one that has failed, else the first one */
  process?: number | undefined;
}

/**
 * Replays to a place.
 *
 * @param ways Where the program's output goes, and what is asked whether to pause.
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function debuggerAt(
  { directory, at, process }: PlaceOptions,
  ways: Pick<DebuggerOptions, "output" | "wantsPause">,
): Debugger {
  const replay = new Debugger({ directory, process: process ?? processAt(directory, at), ...ways });
  try {
    if (!replay.begin()) throw new NoSuchPlace(`the recording has no process ${process}`);
    goTo(replay, at);
    return replay;
  } catch (error) {
    replay[Symbol.dispose]();
    throw error;
  }
}

function processAt(directory: string, at: Place): number | undefined {
  if (at.kind !== "failure") return undefined;
  using events = new EventIndex(directory);
  return failedProcess(events);
}
