/** Performance events of the kernel: one open event, its switches, and its value. */

import { unwrap } from "../error.ts";
import { close } from "../files.ts";
import { SYSCALLS } from "../numbers.ts";
import { retry } from "../retry.ts";
import { scratch } from "../scratch.ts";
import { encodePerfAttr, type PerfAttr } from "./attr.ts";
import { PERF_FLAG, PERF_IOC, PERF_IOC_FLAG_GROUP } from "./constants.ts";

/** Which task and processor an event watches. */
export interface PerfTarget {
  /** Task; 0 is the calling thread, −1 every task of `cpu`. @default 0 */
  readonly pid?: number;
  /** Processor, or −1 for wherever the task runs. @default -1 */
  readonly cpu?: number;
  /** Leader of the group that the event joins. @default none */
  readonly group?: PerfEvent;
}

/** An open event. Dispose it to close it. */
export class PerfEvent implements Disposable {
  /** Its descriptor, for mmap and fcntl. */
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Opens an event.
   *
   * @throws SyscallError ENOENT when this machine has no such event, EACCES or EPERM when it is forbidden;
   *   the remedy says what to do.
   */
  static open(attr: PerfAttr, { pid = 0, cpu = -1, group }: PerfTarget = {}): PerfEvent {
    using encoded = encodePerfAttr(attr);
    const leader = group?.fd ?? -1;
    const result = retry(SYSCALLS.perf_event_open, encoded.address, pid, cpu, leader, PERF_FLAG.FD_CLOEXEC);
    return new PerfEvent(unwrap("perf_event_open", result));
  }

  #ioctl(name: keyof typeof PERF_IOC, argument: number): void {
    unwrap(`ioctl(PERF_EVENT_IOC_${name})`, retry(SYSCALLS.ioctl, this.fd, PERF_IOC[name], argument));
  }

  /** Starts counting; of a leader the whole group on request. */
  enable(wholeGroup = false): void {
    this.#ioctl("ENABLE", wholeGroup ? PERF_IOC_FLAG_GROUP : 0);
  }

  /** Stops counting; the value stays. */
  disable(wholeGroup = false): void {
    this.#ioctl("DISABLE", wholeGroup ? PERF_IOC_FLAG_GROUP : 0);
  }

  /** Sets the value to 0; enabled and running times go on. */
  reset(wholeGroup = false): void {
    this.#ioctl("RESET", wholeGroup ? PERF_IOC_FLAG_GROUP : 0);
  }

  /** Changes the period of a sampling event. */
  setPeriod(events: bigint): void {
    scratch.u64[0] = events;
    this.#ioctl("PERIOD", scratch.address);
  }

  /** The kernel's identifier of this event, as PERF_FORMAT.ID reports it. */
  id(): bigint {
    this.#ioctl("ID", scratch.address);
    return scratch.u64[0];
  }

  /**
   * Reads the value, and what read_format asked for, as words.
   *
   * @param into Room for it; a group needs as many words as perf_event_open(2) says.
   * @returns Words read.
   * @throws SyscallError ENOSPC when `into` is too small.
   */
  read(into: BigUint64Array): number {
    const room = Math.min(into.length, scratch.u64.length);
    const words = unwrap("read", retry(SYSCALLS.read, this.fd, scratch.address, room * 8)) / 8;
    for (let index = 0; index < words; index++) into[index] = scratch.u64[index];
    return words;
  }

  /** Closes the event. */
  [Symbol.dispose](): void {
    close(this.fd);
  }
}
