/** The monitor of counters and sockets, whose memory the kernel writes at any time. */
import { ERRNO, MAP, SYSCALLS } from "../../../ffi/mod.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { FileMonitor } from "./monitor.ts";

const WRITTEN_AT_ANY_TIME = /^(anon_inode:\[perf_event\]|socket:)/;

/** Refuses to map them, as by a file that can't be mapped: programs read instead. */
export class CounterMonitor implements FileMonitor {
  answers({ descriptors, tid }: RecordedTask, call: Call): number | undefined {
    if (call.number !== SYSCALLS.mmap || (call.int(3) & MAP.ANONYMOUS) !== 0) return undefined;
    return WRITTEN_AT_ANY_TIME.test(descriptors.link(tid, call.int(4))) ? -ERRNO.ENODEV : undefined;
  }
}
