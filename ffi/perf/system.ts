/**
 * What answers perf system calls: this kernel, or the model of a described host. Counters and probes are
 * written against this interface, so that one and the same probe runs over both.
 *
 * It is the system calls and nothing else: results are −errno, as the kernel gives them, and become errors with
 * a remedy in the layer above.
 */

/** Memory that perf_event_open's mmap gives: the metadata page, and 2^n pages of ring buffer behind it. */
export interface PerfMapping extends Disposable {
  /** struct perf_event_mmap_page and the ring buffer (linux/perf_event.h). */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Where it is mapped in this process, for machine code that reads it; 0 where it is only a model. */
  readonly address: number;
}

/**
 * One step of a straight run: see {@link PerfSystem.run}. What a measurement must not contain (the branches of an
 * interpreter, above all) can't come in between.
 */
export type PerfStep =
  /** `ioctl(fd, request, argument)`; of PERIOD the argument is the period itself, not its address. */
  | {
      readonly do: "ioctl";
      readonly fd: number;
      readonly request: number;
      readonly argument: number | bigint;
    }
  /** `read(fd)`; its words go to `into`. */
  | { readonly do: "read"; readonly fd: number; readonly into: BigUint64Array }
  /** Exactly so many retired conditional branches in user mode, in a loop (some 2 instructions each). */
  | { readonly do: "branches"; readonly count: number }
  /** So many lock-prefixed additions to memory, without a conditional branch of their own. */
  | { readonly do: "locked-adds"; readonly count: number }
  /** An RTM transaction with so many conditional branches in it, which is aborted behind them. */
  | { readonly do: "aborted-transaction"; readonly branches: number }
  /** The task leaves the processor for a moment and comes back: `nanosleep`. */
  | { readonly do: "reschedule" };

/** The perf system calls of one host, for one task: the caller. */
export interface PerfSystem {
  /**
   * perf_event_open(2).
   *
   * @param attr struct perf_event_attr, as long as its `size` says or as the caller has it.
   * @param pid Task; 0 is the caller.
   * @param cpu Processor, or −1.
   * @param group Descriptor of the group's leader, or −1.
   * @param flags PERF_FLAG.
   * @returns A descriptor, or −errno.
   */
  open(attr: Uint8Array, pid: number, cpu: number, group: number, flags: number): number;
  /** @returns 0 or −errno. */
  close(fd: number): number;
  /** ioctl(2); of PERIOD the argument is the period itself. @returns 0 or more, or −errno. */
  ioctl(fd: number, request: number, argument: number | bigint): number;
  /** The event's identifier (PERF_EVENT_IOC_ID). @returns It, or −errno. */
  id(fd: number): number;
  /** read(2) into the caller's words. @returns Bytes, or −errno. */
  read(fd: number, into: BigUint64Array): number;
  /** mmap(2) of the metadata page and `pages` (0 or a power of two) of ring buffer. @returns −errno if refused. */
  map(fd: number, pages: number): PerfMapping | number;
  /** poll(2) for POLLIN, POLLHUP and POLLERR. @returns revents (0 when the time is over), or −errno. */
  poll(fd: number, milliseconds: number): number;
  /**
   * Performs steps one right after the other, in machine code on a live host.
   *
   * @returns The result of each step: of an ioctl or a read as those return it, else 0 or −errno (ENOSYS: this
   *   processor can't do it).
   */
  run(steps: readonly PerfStep[]): number[];
}
