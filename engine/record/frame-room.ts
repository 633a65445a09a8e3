/** Room on the stack for the signal frame of a fault, where text of the program has been translated and is guarded. */

import { roomForFrame } from "../arch/x86_64/signal-frame.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";

/** Makes the room, at most once for a fault. */
export class FrameRoom {
  /** App pc of the fault that room for a frame has just been made for. */
  #cleared: number | undefined;

  constructor(private readonly tracer: Tracer) {}

  /**
   * Makes room for the frame of a fault where text has been translated. The task faults once more then, so that nothing
   * of the engine lies between the fault and its frame, in which the kernel tells of the last fault.
   *
   * @returns False if there is room, or was made for the same fault before: its own text is there, too.
   */
  clears(task: Task): boolean {
    const ranges = [roomForFrame(task.stackPointer)];
    const { text } = this.tracer;
    // Its own text may be there, and guarded once more whenever it is translated.
    const pc = task.space.cacheSpace.cache.position(task.pc)?.pc;
    if (!text.guardsAny(task.space, ranges) || this.#cleared === pc) {
      this.#cleared = undefined;
      return false;
    }
    text.allowWrites(task, ranges);
    this.#cleared = pc;
    return true;
  }
}
