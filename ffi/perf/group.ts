/** Events that are on counters at the same time or not at all, and are read in one system call. */

import { unwrap } from "../kernel/mod.ts";
import { PERF_FORMAT, PERF_IOC_FLAG_GROUP } from "./constants.ts";
import { checkRoom } from "./counter.ts";
import type { PerfEvent } from "./event.ts";
import { resolveEvent } from "./events/mod.ts";
import { type CounterOptions, type OpenEvent, openEvent, orNotSupported, switchEvent } from "./open.ts";
import { lostPin, type NotSupported, type OpenReading, toReading } from "./reading.ts";

const FORMAT = PERF_FORMAT.GROUP | PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;

/** Index of each word of a group's read (perf_event_open(2), "Reading results"). */
export const GROUP_WORD = { count: 0, enabled: 1, running: 2, firstValue: 3 } as const;

/**
 * A group of counters: the first event leads, the others join it. The kernel puts all of them on counters at once,
 * so that their values are of the same time and may be divided by each other.
 *
 * @example
 * ```ts
 * using group = CounterGroup.open(["instructions:u", "cycles:u"]);
 * group.enable();
 * work();
 * group.disable();
 * const [instructions, cycles] = group.readings();
 * ```
 */
export class CounterGroup implements Disposable {
  readonly events: readonly PerfEvent[];
  /** Words that {@link read} fills. */
  readonly words: number;
  #open: readonly OpenEvent[];
  #leader: OpenEvent;
  readonly #own: BigUint64Array;

  private constructor(events: readonly PerfEvent[], open: readonly OpenEvent[], leader: OpenEvent) {
    this.events = events;
    this.words = GROUP_WORD.firstValue + events.length;
    this.#open = open;
    this.#leader = leader;
    this.#own = new BigUint64Array(this.words);
  }

  /**
   * Opens a group, disabled.
   *
   * @param events Names or events, the leader first; one at least.
   * @throws SyscallError when the kernel refuses one of them; none stays open then.
   * @throws EventNameError for a name that is none.
   */
  static open(events: readonly (PerfEvent | string)[], options: CounterOptions = {}): CounterGroup {
    const resolved = events.map((event) =>
      typeof event === "string" ? resolveEvent(event, options.host) : event,
    );
    const open: OpenEvent[] = [];
    try {
      for (const event of resolved) {
        const leader = open[0] ?? options.leader;
        open.push(openEvent(event, { ...options, ...(leader && { leader }) }, { read_format: FORMAT }));
      }
      const [leader] = open;
      if (leader === undefined)
        throw new RangeError("Cannot open a group as it must have an event: it has none");
      return new CounterGroup(resolved, open, leader);
    } catch (error) {
      for (const { system, fd } of open) system.close(fd);
      throw error;
    }
  }

  /** Opens a group, or says which of its events this host can't count; throws as `Counter.tryOpen`. */
  static tryOpen(
    events: readonly (PerfEvent | string)[],
    options: CounterOptions = {},
  ): CounterGroup | NotSupported {
    return orNotSupported(() => CounterGroup.open(events, options));
  }

  /** Descriptor of the leader; −1 when it is closed. */
  get fd(): number {
    return this.#leader.fd;
  }

  #switch(name: "ENABLE" | "DISABLE" | "RESET"): void {
    switchEvent(this.#leader.system, this.#leader.fd, name, PERF_IOC_FLAG_GROUP);
  }

  /** Starts all of them. */
  enable(): void {
    this.#switch("ENABLE");
  }

  /** Stops all of them; the values stay. */
  disable(): void {
    this.#switch("DISABLE");
  }

  /** Sets all values to 0; the times go on. */
  reset(): void {
    this.#switch("RESET");
  }

  /**
   * Reads all of them in one system call, to the words of {@link GROUP_WORD}: the hot path, which allocates nothing.
   *
   * @returns Bytes; 0 of a pinned group that could not be kept on counters; −errno.
   */
  read(into: BigUint64Array): number {
    checkRoom(into, this.words);
    return this.#leader.system.read(this.#leader.fd, into);
  }

  /** A reading of each event, in order. */
  readings(): OpenReading[] {
    const bytes = unwrap("read(perf group)", this.read(this.#own));
    if (bytes === 0) return this.events.map(lostPin);
    const { count, enabled, running, firstValue } = GROUP_WORD;
    if (this.#own[count] !== BigInt(this.events.length)) {
      throw new RangeError(
        `Cannot read a group as it has ${this.events.length} events, and ${this.#own[count]} came`,
      );
    }
    return this.events.map((_, index) =>
      toReading(this.#own[firstValue + index]!, this.#own[enabled]!, this.#own[running]!),
    );
  }

  /** Closes all of them, the leader last: its members would go on alone. Doing it twice does nothing. */
  [Symbol.dispose](): void {
    const open = this.#open;
    this.#open = [];
    // A late call gets −EBADF, and not what another one has opened since.
    this.#leader = { system: this.#leader.system, fd: -1 };
    for (const { system, fd } of open.toReversed()) unwrap("close(perf event)", system.close(fd));
  }
}
