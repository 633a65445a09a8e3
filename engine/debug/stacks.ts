/** The stacks of all tasks of a process at a place of a recording: what answers "where was it?" without a debugger. */
import { type StackState, stackState } from "../session/stack-state.ts";
import { debuggerAt, type PlaceOptions } from "./at-place.ts";

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
export interface StacksOptions extends PlaceOptions {
  /** Asked now and then whether to give up. */
  isEnded(): boolean;
}

/**
 * Replays to a place and looks at the stacks there; what the program writes is not shown.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function stacksAt(options: StacksOptions): Stacks {
  using replay = debuggerAt(options, { output: () => {}, wantsPause: options.isEnded });
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
