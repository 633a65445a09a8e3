/** A task of a replay; its `id` is the thread id that it had in the recording. */
import type { Registers } from "../trace/events.ts";
import { Task } from "../tracee/task.ts";

/** Calls that a task is going to do, or is about to. */
export interface AwaitedCalls {
  /** Index of the first of them. */
  index: number;
  records: Uint8Array;
  /** Whether they are in the ring. */
  isFed: boolean;
}

/** A system call that a replayed task stands at. */
export interface CallSite {
  /** App pc of the `syscall` instruction, and of the one behind it. */
  pc: number;
  next: number;
  number: number;
  /** The program's registers at it. */
  registers: Registers;
}

/** See the file's head. */
export class ReplayedTask extends Task {
  /** The system call that it stands at, unanswered. */
  site: CallSite | undefined;
  /** The calls that it is going to do without a stop before its next event. */
  awaited: AwaitedCalls | undefined;
  /** App pc where its last event has left it (behind a system call, at a handler), while nothing has run since. */
  returned: number | undefined;
}
