/** Keeps checksums of the program's memory in the trace, at intervals (`record --checksum`). */

import { summable, sumsOf } from "../session/memory-sums.ts";
import type { MemorySum } from "../trace/events.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Says at which events a checksum of memory is due, by the interval that the user wants. */
export class Checksums {
  #since: number;

  /** @param every System calls from one checksum to the next. */
  constructor(private readonly every: number) {
    // The first one comes early: what is wrong from the start is found there.
    this.#since = every - 1;
  }

  /**
   * What to keep now that an event of a task was written.
   *
   * @param tasks All tasks.
   * @returns undefined if it is not time, or if memory may be changing: a call that sleeps writes when it likes, and its
   *   event comes later.
   */
  due(task: RecordedTask, tasks: Iterable<RecordedTask>): MemorySum[] | undefined {
    if (++this.#since < this.every) return undefined;
    const writing = [...tasks].filter((other) => other !== task && mayWrite(other));
    if (writing.some(({ space }) => space === task.space)) return undefined;
    this.#since = 0;
    return sumsOf(task.space, summable(task.space, writing.length === 0));
  }
}

function mayWrite({ call }: RecordedTask): boolean {
  const spec = call?.spec;
  return spec !== undefined && spec.writes.length + spec.writesAlways.length > 0;
}
