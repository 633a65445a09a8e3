/**
 * The monitor of memory as a file, and of what does the same: memory that a system call changes outside of its own outputs: in another process (process_vm_writev,
 * /proc/PID/mem, a file that others have mapped), or in text, where /proc/PID/mem heeds no protection. Each such
 * change is an event of the process whose memory it is.
 */
import { ERRNO, SYSCALLS } from "../../../ffi/mod.ts";
import type { MemoryRange } from "../../kernel/mod.ts";
import { type Area, LOCAL_IOVECS, REMOTE_IOVECS, rangesOf } from "../../kernel/mod.ts";
import { collect } from "../../session/output.ts";
import type { MemoryWrite } from "../../trace/events.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { offsetArgument, position, saidOffset } from "./file-changes.ts";
import type { FileMonitor } from "./monitor.ts";

const MEMORY_FILE = /^\/proc\/(\d+)(?:\/task\/(\d+))?\/mem$/;

/** Finds which calls write elsewhere, answers those of tracees, and tells each change as an event. */
export class ProcessMemory implements FileMonitor {
  /** Some process has opened a file that is memory: from now on writes to descriptors are looked at. */
  private memoryFiles = false;

  constructor(private readonly recording: Recording) {}

  /** To be called after the event of a call: adds events for what it has changed elsewhere. */
  after(task: RecordedTask, call: Call): void {
    if (call.result < 0) return;
    if (call.spec?.opens) {
      this.memoryFiles ||= MEMORY_FILE.test(task.descriptors.link(task.tid, call.result));
    } else if (call.number === SYSCALLS.process_vm_writev) {
      const target = this.recording.pids.find(task, call.int(0));
      if (target) this.changed(task, target, rangesOf(REMOTE_IOVECS, call));
    } else if (this.memoryFiles && call.result > 0) {
      this.throughFile(task, call);
    }
  }

  /**
   * Memory of its own process that a call is about to write as an outsider would; its result has to be set to all that
   * it may be.
   */
  targets(task: RecordedTask, call: Call): MemoryRange[] {
    if (call.number === SYSCALLS.process_vm_writev) {
      return this.recording.pids.find(task, call.int(0))?.space === task.space
        ? rangesOf(REMOTE_IOVECS, call)
        : [];
    }
    const sent = this.memoryFiles ? sentTo(call) : undefined;
    if (!sent || this.fileTarget(task, sent.fd)?.space !== task.space) return [];
    const address = sent.offset ?? position(task.tid, sent.fd);
    return [{ address, length: sent.from.kind === "buffer" ? call.argument(2) : call.result }];
  }

  /**
   * A process_vm_writev to text of another process that is guarded: the kernel could not write there, and that process
   * may be in a system call, so the recorder writes in its place.
   *
   * @returns The call's result; undefined if the kernel can do it.
   */
  answers(task: RecordedTask, call: Call): number | undefined {
    if (call.number !== SYSCALLS.process_vm_writev) return undefined;
    const target = this.recording.pids.find(task, call.int(0));
    if (!target || target.space === task.space) return undefined;
    call.result = Number.MAX_SAFE_INTEGER;
    const [from, to] = [rangesOf(LOCAL_IOVECS, call), rangesOf(REMOTE_IOVECS, call)];
    call.result = 0;
    if (!this.recording.tracer.text.guardsAny(target.space, to)) return undefined;
    const bytes = collect(from, (address, length) => task.space.memory.read(address, length));
    let done = 0;
    for (const { address, length } of to) {
      const room = Math.min(length, target.space.mappings.writableUpTo(address) - address);
      const part = bytes.subarray(done, done + Math.max(0, room));
      target.space.memory.write(address, part);
      done += part.length;
      if (part.length < length) break;
    }
    return done > 0 ? done : -ERRNO.EFAULT;
  }

  private throughFile(task: RecordedTask, call: Call): void {
    const sent = sentTo(call);
    const target = sent && this.fileTarget(task, sent.fd);
    if (!target) return;
    const address = sent.offset ?? position(task.tid, sent.fd) - call.result;
    this.changed(task, target, [{ address, length: call.result }]);
  }

  /** The task whose memory a descriptor is. */
  private fileTarget(task: RecordedTask, fd: number): RecordedTask | undefined {
    const match = MEMORY_FILE.exec(task.descriptors.link(task.tid, fd));
    return match ? this.recording.pids.find(task, Number(match[2] ?? match[1])) : undefined;
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
      this.recording.tracer.text.memoryChanged(space, address, address + bytes.length);
    }
    this.recording.changedFromOutside(space === writer.space ? writer : target, writes);
  }
}

/** The descriptor that a call writes the program's bytes to, and the offset that it says, if it says one. */
function sentTo(call: Call): { fd: number; from: Area; offset: number | undefined } | undefined {
  const { sends, contents = [] } = call.spec ?? {};
  if (!sends) return undefined;
  return {
    fd: call.int(sends.fd),
    from: sends.from,
    offset: saidOffset(call, offsetArgument(contents[0]?.stretch)),
  };
}
