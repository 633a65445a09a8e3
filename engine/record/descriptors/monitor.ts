/**
 * Who looks after files of one kind that programs have open: the recorder's own output, memory as a file, copies of files of
 * /proc, files that are mapped, files by which calls need no stop, counters. Each is a monitor behind this interface, and
 * says nothing of what it has no part in; what a descriptor leads to it asks the task's table (`table.ts`).
 */
import type { MemoryRange } from "../../kernel/mod.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** What a monitor may do, in the order of a call's way. */
export interface FileMonitor {
  /** The result of a call that the kernel is not to be asked for; undefined for any other. */
  answers?(task: RecordedTask, call: Call): number | undefined;
  /** Memory of its own process that a call may write through a file; its result is set to all that it may be. */
  targets?(task: RecordedTask, call: Call): readonly MemoryRange[];
  /** The kernel is going to do a call. */
  enters?(task: RecordedTask, call: Call): void;
  /** A call has succeeded; its event is still to be written. */
  succeeds?(task: RecordedTask, call: Call): void;
  /** The event of a call is written, and the task's table of descriptors is up to date. */
  after?(task: RecordedTask, call: Call): void;
}

/** Several monitors as one: each hears of everything, in their order; the first that has an answer gives it. */
export class FileMonitors implements Required<FileMonitor> {
  constructor(private readonly all: readonly FileMonitor[]) {}

  answers(task: RecordedTask, call: Call): number | undefined {
    for (const each of this.all) {
      const answer = each.answers?.(task, call);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  targets(task: RecordedTask, call: Call): readonly MemoryRange[] {
    return this.all.flatMap((each) => each.targets?.(task, call) ?? []);
  }

  enters(task: RecordedTask, call: Call): void {
    for (const each of this.all) each.enters?.(task, call);
  }

  succeeds(task: RecordedTask, call: Call): void {
    for (const each of this.all) each.succeeds?.(task, call);
  }

  after(task: RecordedTask, call: Call): void {
    for (const each of this.all) each.after?.(task, call);
  }
}
