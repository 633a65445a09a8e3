/**
 * The monitor of counters and sockets, whose memory the kernel writes at any time. Rings of packets can be mapped all the same:
 * they are looked at whenever a call ends (`outsiders.ts`).
 */
import { ERRNO, MAP, SYSCALLS, socketProtocol } from "../../../ffi/mod.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { FileMonitor } from "./monitor.ts";

const WRITTEN_AT_ANY_TIME = /^(anon_inode:\[perf_event\]|socket:)/;
/** What sockets of packets are called (packet_proto in net/packet/af_packet.c, Linux 6.18). */
const PACKETS = "PACKET";

/** Refuses to map them, as by a file that can't be mapped: programs read instead. */
export class CounterMonitor implements FileMonitor {
  answers({ descriptors, tid }: RecordedTask, call: Call): number | undefined {
    if (call.number !== SYSCALLS.mmap || (call.int(3) & MAP.ANONYMOUS) !== 0) return undefined;
    const fd = call.int(4);
    const link = descriptors.link(tid, fd);
    if (!WRITTEN_AT_ANY_TIME.test(link)) return undefined;
    const hasRing = link.startsWith("socket:") && socketProtocol(`/proc/${tid}/fd/${fd}`) === PACKETS;
    return hasRing ? undefined : -ERRNO.ENODEV;
  }
}
