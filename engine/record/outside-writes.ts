/**
 * Memory that a system call changes outside of its own outputs: in another process (process_vm_writev,
 * /proc/PID/mem, a file that others have mapped), or in text, where /proc/PID/mem heeds no protection. Each such
 * change is an event of the process whose memory it is.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { SYSCALLS } from "../../ffi/mod.ts";
import { EngineError } from "../engine-error.ts";
import type { MemoryRange } from "../kernel/call.ts";
import { remoteRanges } from "../kernel/mod.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

const MEMORY_FILE = /^\/proc\/(\d+)(?:\/task\/(\d+))?\/mem$/;
const OPENS: readonly number[] = [SYSCALLS.open, SYSCALLS.openat, SYSCALLS.openat2, SYSCALLS.creat];

/** Calls that write to a descriptor (argument 0): which argument the offset is, if any. */
const FILE_WRITES = new Map<number, number | undefined>([
  [SYSCALLS.write, undefined],
  [SYSCALLS.writev, undefined],
  [SYSCALLS.pwrite64, 3],
  [SYSCALLS.pwritev, 3],
]);

/** See the file's head. */
export class OutsideWrites {
  /** Some process has opened a file that is memory: from now on writes to descriptors are looked at. */
  private memoryFiles = false;

  constructor(private readonly recording: Recording) {}

  /** To be called after the event of a call: adds events for what it has changed elsewhere. */
  after(task: RecordedTask, call: Call): void {
    if (call.result < 0) return;
    if (OPENS.includes(call.number)) {
      this.memoryFiles ||= MEMORY_FILE.test(readlinkSync(`/proc/${task.tid}/fd/${call.result}`));
    } else if (call.number === SYSCALLS.process_vm_writev) {
      const target = this.find(call.int(0));
      if (target) this.changed(task, target, remoteRanges(call));
    } else if (this.memoryFiles && FILE_WRITES.has(call.number) && call.result > 0) {
      this.throughFile(task, call, FILE_WRITES.get(call.number));
    }
  }

  private throughFile(task: RecordedTask, call: Call, offsetAt: number | undefined): void {
    const fd = call.int(0);
    const match = MEMORY_FILE.exec(readlinkSync(`/proc/${task.tid}/fd/${fd}`));
    const target = match && this.find(Number(match[2] ?? match[1]));
    if (!target) return;
    const address = offsetAt === undefined ? position(task.tid, fd) - call.result : call.argument(offsetAt);
    this.changed(task, target, [{ address, length: call.result }]);
  }

  private find(pid: number): RecordedTask | undefined {
    const { tasks } = this.recording;
    return tasks.get(pid) ?? [...tasks.values()].find(({ process }) => process.id === pid);
  }

  private changed(writer: RecordedTask, target: RecordedTask, ranges: readonly MemoryRange[]): void {
    const writes = ranges.map(({ address, length }) =>
      this.recording.snapshot(target.space, address, length),
    );
    this.tell(
      writer,
      target,
      writes.filter((write) => write !== undefined),
    );
  }

  /** Adds an event for memory that a call of `writer` has changed in the process of `target`. */
  tell(writer: RecordedTask, target: RecordedTask, writes: MemoryWrite[]): void {
    const { space } = target;
    for (const { address, bytes } of writes) {
      const end = address + bytes.length;
      if (space === writer.space) this.recording.tracer.mapper.textChanged(writer, address, end);
      else if (space.image.cache.hasTextIn(address, end)) {
        throw new EngineError(
          "a process that changes the code of another one can't be recorded by the embedded engine yet",
        );
      }
    }
    this.recording.changedFromOutside(space === writer.space ? writer : target, writes);
  }
}

/** Where a descriptor of a process stands in its file. */
export function position(tid: number, fd: number): number {
  const info = readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1");
  return Number(/^pos:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
}
