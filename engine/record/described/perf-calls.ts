/** The system calls on counters that a program makes, asked of the model in its name. */
import {
  ERRNO,
  PERF_ATTR,
  PERF_ATTR_BIT,
  PERF_ATTR_SIZE,
  PERF_FLAG,
  PERF_IOC,
  SYSCALLS,
} from "../../../ffi/mod.ts";
import type { HostModel } from "../../host/model-api.ts";
import type { Call } from "../call.ts";
import type { Answer } from "../interceptor.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { PerfFile, type PerfFiles } from "./perf-file.ts";

/** Attributes longer than a page are refused unread (perf_copy_attr in kernel/events/core.c). */
const MAX_ATTR = 4096;
/** Most words that a read brings: a group of more counters than any PMU has. */
const MAX_WORDS = 4096;
/** Type of all requests of perf events (linux/perf_event.h). */
const IOC_TYPE = 0x24;

/** Answers perf_event_open, and ioctl, read and mmap on what it has opened. */
export class PerfCalls {
  constructor(
    private readonly recording: Recording,
    private readonly model: HostModel,
    private readonly files: PerfFiles,
  ) {}

  /** How the model answers a call; undefined for one that is the kernel's. */
  answers(task: RecordedTask, call: Call): Answer | undefined {
    switch (call.number) {
      case SYSCALLS.perf_event_open:
        return () => this.open(task, call);
      case SYSCALLS.read:
      case SYSCALLS.readv: {
        const file = this.files.find(task.tid, call.int(0));
        if (!file) return undefined;
        return call.number === SYSCALLS.read ? () => this.read(file, task, call) : () => -ERRNO.EINVAL;
      }
      case SYSCALLS.ioctl: {
        const request = call.int(1) >>> 0;
        if (((request >>> 8) & 0xff) !== IOC_TYPE) return undefined;
        const file = this.files.find(task.tid, call.int(0));
        return file && (() => this.ioctl(file, request, task, call));
      }
      default:
        return undefined;
    }
  }

  private open(task: RecordedTask, call: Call): number {
    const address = call.argument(0);
    const size = call.u32(address + PERF_ATTR.size[0]) || PERF_ATTR_SIZE.VER0;
    const length = Math.min(Math.max(size, PERF_ATTR.config[0]), MAX_ATTR);
    const attr = task.space.memory.read(address, length).slice();
    if (attr.length < length) return -ERRNO.EFAULT;
    const [pid, cpu, group, flags] = [call.int(1), call.int(2), call.int(3), call.argument(4)];
    const leader = this.files.find(task.tid, group);
    if (group !== -1 && !leader) return -ERRNO.EBADF;
    const fd = this.model.perfFor(task.tid).open(attr, pid, cpu, leader?.fd ?? -1, flags);
    if (fd === -ERRNO.E2BIG) {
      // The kernel tells the size that it knows.
      const [offset, length] = PERF_ATTR.size;
      task.space.memory.write(address + offset, attr.subarray(offset, offset + length));
    }
    if (fd < 0) return fd;
    const opened = PerfFile.open(this.recording, task, (flags & PERF_FLAG.FD_CLOEXEC) !== 0, {
      fd,
      target: pid === 0 ? task.tid : pid,
      enableOnExec: hasFlag(attr, PERF_ATTR_BIT.enable_on_exec),
    });
    if (typeof opened === "number") {
      this.model.perfFor(task.tid).close(fd);
      return opened;
    }
    this.files.add(opened.file);
    return opened.number;
  }

  private read(file: PerfFile, task: RecordedTask, call: Call): number {
    const words = new BigUint64Array(Math.min(Math.floor(call.argument(2) / 8), MAX_WORDS));
    const bytes = this.model.perfFor(task.tid).read(file.fd, words);
    if (bytes <= 0) return bytes;
    return put(task, call.argument(1), new Uint8Array(words.buffer, 0, bytes)) ? bytes : -ERRNO.EFAULT;
  }

  private ioctl(file: PerfFile, request: number, task: RecordedTask, call: Call): number {
    const perf = this.model.perfFor(task.tid);
    const argument = call.argument(2);
    switch (request) {
      case PERF_IOC.ID: {
        const id = perf.id(file.fd);
        if (id < 0) return id;
        return put(task, argument, new Uint8Array(BigUint64Array.of(BigInt(id)).buffer)) ? 0 : -ERRNO.EFAULT;
      }
      case PERF_IOC.REFRESH: {
        const result = perf.ioctl(file.fd, request, argument);
        if (result === 0) file.limit += call.int(2);
        return result;
      }
      case PERF_IOC.PERIOD: {
        const period = task.space.memory.readU64(argument);
        return period === undefined ? -ERRNO.EFAULT : perf.ioctl(file.fd, request, period);
      }
      case PERF_IOC.SET_OUTPUT: {
        const other = call.int(2);
        const output = this.files.find(task.tid, other);
        if (other !== -1 && !output) return -ERRNO.EBADF;
        return perf.ioctl(file.fd, request, output?.fd ?? -1);
      }
      default:
        return perf.ioctl(file.fd, request, argument);
    }
  }
}

/** Whether a bit of the attributes' flags is set. */
function hasFlag(attr: Uint8Array, bit: number): boolean {
  return ((attr[PERF_ATTR.flags[0] + (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;
}

/** Writes as the kernel would: only where the program itself may. */
function put({ space }: RecordedTask, address: number, bytes: Uint8Array): boolean {
  return space.writable(address) && space.memory.write(address, bytes) === bytes.length;
}
