/** The stacks of all tasks of a process at a place of a recording: what answers "where was it?" without a debugger. */
import { type StackState, stackState } from "../session/stack-state.ts";
import { Debugger } from "./debugger.ts";
import { EventIndex } from "./event-index.ts";
import { failedProcess, goTo, NoSuchPlace, type Place } from "./place.ts";

/** One task there. */
export interface TaskStack extends StackState {
  task: number;
  process: number;
  ticks: number;
}

/** The stacks of one process at one place, each task's frames from the innermost outwards. */
export interface Stacks {
  /** How many events are behind the place. */
  event: number;
  /** The task that the place is about comes first. */
  tasks: TaskStack[];
}

/** What is asked. */
export interface StacksOptions {
  /** Folder of the trace. */
  directory: string;
  at: Place;
  /** The process, by its id in the recording. @default as {@link processAt} says */
  process?: number | undefined;
  /** Asked now and then whether to give up. */
  isEnded(): boolean;
}

/** The process that a place is about where nobody says it: for `failure` the one that has failed, else the first one. */
export function processAt(directory: string, at: Place): number | undefined {
  if (at.kind !== "failure") return undefined;
  using events = new EventIndex(directory);
  return failedProcess(events);
}

/**
 * Replays to a place and looks at the stacks there; what the program writes is not shown.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function stacksAt({ directory, at, process, isEnded }: StacksOptions): Stacks {
  using replay = new Debugger({
    directory,
    process: process ?? processAt(directory, at),
    output: () => {},
    wantsPause: isEnded,
  });
  if (!replay.begin()) throw new NoSuchPlace(`the recording has no process ${process}`);
  goTo(replay, at);
  const { current, tasks, playhead } = replay;
  const ordered = current === undefined ? tasks : [current, ...tasks.filter((task) => task !== current)];
  return {
    event: playhead.position.event,
    tasks: ordered.map((task) => ({
      task: task.id,
      process: task.process.id,
      ticks: task.ticks,
      ...stackState(task.space, task.programRegisters),
    })),
  };
}
