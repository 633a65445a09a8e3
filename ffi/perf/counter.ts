/** One event that is open and counts: its switches, and its value. */

import { SyscallError, unwrap } from "../kernel/mod.ts";
import { PERF_FORMAT } from "./constants.ts";
import type { PerfEvent } from "./event.ts";
import { resolveEvent } from "./events/mod.ts";
import { type CounterOptions, type OpenEvent, openEvent, orNotSupported, switchEvent } from "./open.ts";
import { lostPin, type NotSupported, type OpenReading, toReading } from "./reading.ts";
import type { PerfMapping, PerfSystem } from "./system.ts";
import { type UserRead, userRead } from "./user-read.ts";
import { COUNTER_WORDS } from "./words.ts";

/** Kernel: perf_mmap() in kernel/events/core.c. */
export const MAPPING_REMEDY =
  "an event with 'inherit' can be mapped only where it is of one processor ('cpu')";
const TIMES = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;

/** Refuses an array that is too short before the kernel does, which only says ENOSPC. */
export function checkRoom(into: BigUint64Array, words: number): void {
  if (into.length < words) {
    throw new RangeError(
      `Cannot read a counter as 'into' must have ${words} words or more: current value is ${into.length}`,
    );
  }
}

/** Maps what belongs to an event, or throws. */
export function mapEvent(system: PerfSystem, fd: number, pages: number, remedy: string): PerfMapping {
  const mapping = system.map(fd, pages);
  if (typeof mapping !== "number") return mapping;
  throw new SyscallError("mmap(perf event)", -mapping, remedy);
}

/**
 * A counter. It is opened disabled; dispose it to close it.
 *
 * @example
 * ```ts
 * using faults = Counter.open("page-faults:u");
 * faults.enable();
 * work();
 * faults.disable();
 * console.log(faults.reading());
 * ```
 */
export class Counter implements Disposable {
  readonly event: PerfEvent;
  protected readonly system: PerfSystem;
  /** −1 when it is closed, so that a late call gets −EBADF and not what another one has opened since. */
  #fd: number;
  readonly #mapping: PerfMapping | undefined;
  /** The machine code that reads the page, if it is wanted and the page is at an address. */
  #userRead: UserRead | undefined;
  readonly #address: number;
  /** For readings: words beyond the three are of those that have asked for more. */
  protected readonly words: BigUint64Array;

  protected constructor(
    event: PerfEvent,
    open: OpenEvent,
    mapping: PerfMapping | undefined,
    reads: boolean,
    words = COUNTER_WORDS,
  ) {
    this.event = event;
    this.words = new BigUint64Array(words);
    this.#fd = open.fd;
    this.system = open.system;
    this.#mapping = mapping;
    this.#address = mapping?.address ?? 0;
    this.#userRead = reads && this.#address !== 0 ? userRead() : undefined;
  }

  /**
   * Opens a counter.
   *
   * @param event Its name (see `resolveEvent`), or an event that is resolved already.
   * @throws RangeError for `userRead` of another task: its counter is that of another processor.
   * @throws SyscallError when the kernel refuses; its remedy says what to do.
   * @throws EventNameError for a name that is none.
   */
  static open(event: PerfEvent | string, options: CounterOptions = {}): Counter {
    const resolved = typeof event === "string" ? resolveEvent(event, options.host) : event;
    const open = openEvent(resolved, options, { read_format: TIMES });
    try {
      const mapping = options.userRead ? mapEvent(open.system, open.fd, 0, MAPPING_REMEDY) : undefined;
      return new Counter(resolved, open, mapping, mapping !== undefined);
    } catch (error) {
      open.system.close(open.fd);
      throw error;
    }
  }

  /**
   * Opens a counter, or says why this host can't count the event.
   *
   * @throws SyscallError for every other refusal: no permission, no descriptor, no such task.
   */
  static tryOpen(event: PerfEvent | string, options: CounterOptions = {}): Counter | NotSupported {
    return orNotSupported(() => Counter.open(event, options));
  }

  /** Its descriptor; −1 when it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** Starts counting. */
  enable(): void {
    switchEvent(this.system, this.fd, "ENABLE", 0);
  }

  /** Stops counting; the value stays. */
  disable(): void {
    switchEvent(this.system, this.fd, "DISABLE", 0);
  }

  /** Sets the value to 0; the times go on. */
  reset(): void {
    switchEvent(this.system, this.fd, "RESET", 0);
  }

  /** The kernel's identifier of the event, as samples have it. */
  id(): number {
    return unwrap("ioctl(PERF_EVENT_IOC_ID)", this.system.id(this.fd));
  }

  /**
   * Reads value, time enabled and time running to the first three words: the hot path, which allocates nothing.
   * With `userRead` no system call is made where the event is on a counter that user mode may read.
   *
   * @returns 24; 0 of a pinned event that could not be kept on a counter; −errno.
   */
  read(into: BigUint64Array): number {
    checkRoom(into, COUNTER_WORDS);
    return this.#userRead === undefined
      ? this.system.read(this.#fd, into)
      : this.#userRead.read(this.#address, this.#fd, into, into.byteLength);
  }

  /**
   * Reads the value alone to the first word, with the least work: it says nothing of multiplexing, so look at
   * the times of a {@link read} once in a while, or pin the event.
   *
   * @param into Three words or more, for where the kernel has to be asked.
   * @returns 8 or more; 0 and −errno as {@link read}.
   */
  readValue(into: BigUint64Array): number {
    checkRoom(into, COUNTER_WORDS);
    return this.#userRead === undefined
      ? this.system.read(this.#fd, into)
      : this.#userRead.readValue(this.#address, this.#fd, into);
  }

  /** Value and times, told apart from "nothing was counted". Always asks the kernel. */
  reading(): OpenReading {
    const bytes = unwrap("read(perf event)", this.system.read(this.fd, this.words));
    if (bytes === 0) return lostPin();
    if (bytes !== this.words.byteLength)
      throw new RangeError(`Cannot read ${this.event.name} as ${bytes} bytes came`);
    const [value = 0n, enabled = 0n, running = 0n] = this.words;
    return toReading(value, enabled, running);
  }

  /** Closes the event. Doing it twice does nothing. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#userRead = undefined;
    this.#mapping?.[Symbol.dispose]();
    unwrap("close(perf event)", this.system.close(fd));
  }
}
