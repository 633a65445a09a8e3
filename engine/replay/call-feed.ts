/**
 * System calls that the recording has done without a stop: in replay the stub takes their results from the ring, in which
 * they are put before the task runs. It takes a record only for the very call that the record is of: the same number,
 * ticks, place and arguments. At any other call, and when no record is left, the task stops as it always does. So it is for
 * `cpuid` and `rdtsc`.
 */
import { invariant, Unsupported } from "../engine-error.ts";
import type { CallsEvent, Registers, SingleEvent } from "../trace/events.ts";
import { CallRecords, callEvent, MAX_RECORDS_BYTES } from "../trace/mod.ts";
import { ImpossibleEvent, rangeCheck } from "./bounds.ts";
import type { AwaitedCalls, ReplayedTask } from "./replayed-task.ts";

/** Puts the records of calls without a stop into the ring, and checks that they were taken. */
export class CallFeed {
  /**
   * A task is going to do the calls of an event.
   *
   * @param index Of the last of them.
   * @throws ImpossibleEvent for what no recording has done.
   */
  expect(task: ReplayedTask, { records, count }: CallsEvent, index: number): void {
    const each = new CallRecords(records);
    const check = rangeCheck(task.space, "writes to");
    const checkWrite = (address: number, _from: number, length: number): void =>
      check(address, address + length);
    while (each.next()) each.eachWrite(checkWrite);
    const before = task.awaited;
    if (before?.isFed || task.site)
      throw new ImpossibleEvent("it has calls of a task that has not done those before");
    if (before === undefined) {
      task.awaited = { index: index - count + 1, records: records.slice(), isFed: false };
      return;
    }
    before.records = Buffer.concat([before.records, records]);
    if (before.records.length > MAX_RECORDS_BYTES) {
      throw new ImpossibleEvent(`it has ${before.records.length} bytes of calls that no stop comes between`);
    }
  }

  /** A task is about to run. */
  prepare({ space, awaited }: ReplayedTask): void {
    const { calls } = space.cacheSpace;
    if (awaited === undefined) {
      calls.direct();
    } else if (!awaited.isFed) {
      awaited.isFed = true;
      calls.feed(awaited.records);
    }
  }

  /** Whether a task has done all the calls that it had to. */
  isDone(task: ReplayedTask): boolean {
    if (task.awaited?.isFed && task.space.cacheSpace.calls.isDone) task.awaited = undefined;
    return task.awaited === undefined;
  }

  /** The calls that a task has still to do, as if none of them were in the ring. */
  rest({ awaited, space }: ReplayedTask): AwaitedCalls | undefined {
    if (awaited === undefined) return undefined;
    const done = awaited.isFed ? space.cacheSpace.calls.consumed : 0;
    if (done === awaited.records.length) return undefined;
    const each = new CallRecords(awaited.records);
    let { index } = awaited;
    while (each.next() && each.offset < done) index++;
    return { index, records: awaited.records.slice(done), isFed: false };
  }

  /**
   * The first call that is left of those that a task had to do.
   *
   * @param registers What the program has in registers that the record says nothing of.
   */
  missing(task: ReplayedTask, registers: Registers): { index: number; event: SingleEvent } {
    const { awaited } = task;
    invariant(awaited, "no call is missing");
    const done = awaited.isFed ? task.space.cacheSpace.calls.consumed : 0;
    const each = new CallRecords(awaited.records);
    let { index } = awaited;
    while (each.next() && each.offset < done) index++;
    if (each.offset === done && done < awaited.records.length) {
      return { index, event: callEvent(task.id, each, registers) };
    }
    throw new Unsupported(
      "Cannot go on: the program has changed the engine's memory (the ring of system calls)",
    );
  }
}
