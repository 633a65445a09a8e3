/**
 * The order in which output goes out. One task at a time is let into a system call that writes to the recording's
 * own output; the others wait at the entry of theirs. So the order of the events, which is that of the ends of the
 * calls, is also the order of the bytes, though a call may sleep half-way while other tasks run (a full pipe, a
 * stopped terminal).
 */
import { invariant } from "../engine-error.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Who may write to the recording's output, and who waits for it, in the order of their coming. */
export class OutputTurns {
  /** The task that is in such a call. */
  private writer: RecordedTask | undefined;
  /** Those that stand at the entry of one, in the order in which they came. */
  private readonly waiting: RecordedTask[] = [];

  /**
   * A task stands at the entry of such a call.
   *
   * @returns Whether it may go on; if not, {@link next} tells when.
   */
  enter(task: RecordedTask): boolean {
    invariant(!this.waiting.includes(task), `task ${task.tid} waits for its output already`);
    if (this.writer !== undefined && this.writer !== task) {
      this.waiting.push(task);
      return false;
    }
    this.writer = task;
    return true;
  }

  /** The output of a task is out, or never will be: its call has ended, was broken off, or the task is gone. */
  leave(task: RecordedTask): void {
    if (this.writer === task) this.writer = undefined;
    const at = this.waiting.indexOf(task);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** The task whose output is on its way. */
  get current(): RecordedTask | undefined {
    return this.writer;
  }

  /** The task that has waited longest and may go on now, if any: it is let in. */
  next(): RecordedTask | undefined {
    if (this.writer !== undefined) return undefined;
    this.writer = this.waiting.shift();
    return this.writer;
  }
}
