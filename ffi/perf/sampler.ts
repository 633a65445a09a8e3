/** A counter that interrupts: every so many events the kernel writes a sample to a ring, and wakes who waits. */

import { SyscallError, unwrap } from "../kernel/mod.ts";
import { PERF_FORMAT, PERF_IOC, PERF_SAMPLE, type PerfAttrFlag } from "./constants.ts";
import { Counter, checkRoom, MAPPING_REMEDY, mapEvent } from "./counter.ts";
import type { PerfEvent } from "./event.ts";
import { resolveEvent } from "./events/mod.ts";
import { describeLosses, LossTally, type SamplingLosses } from "./losses.ts";
import { type CounterOptions, type OpenEvent, openEvent, orNotSupported } from "./open.ts";
import type { NotSupported } from "./reading.ts";
import type { PerfRecord } from "./record.ts";
import { RecordRing } from "./ring.ts";
import type { SampleLayout } from "./sample.ts";
import type { PerfMapping } from "./system.ts";
import { COUNTER_WORDS } from "./words.ts";

const POLL = { IN: 1, ERR: 8, HUP: 0x10 } as const; // asm-generic/poll.h
/** Pages of ring: with the page before it they stay below the default of kernel.perf_event_mlock_kb. */
const DEFAULT_PAGES = 64;
const TIMES = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;

/** Fields that a sample may have, by their bit in sample_type. */
export type SampleField = Lowercase<Exclude<keyof typeof PERF_SAMPLE, "AUX">>;

/** Records besides samples: mappings, names, starts and ends of tasks, and their switches. */
const SIDE_RECORDS = {
  mmap: ["mmap"],
  mmap2: ["mmap", "mmap2"],
  comm: ["comm", "comm_exec"],
  task: ["task"],
  switch: ["context_switch"],
} as const satisfies Readonly<Record<string, readonly PerfAttrFlag[]>>;
export type SideRecord = keyof typeof SIDE_RECORDS;

/** How often to sample, and what. */
export interface SamplerOptions extends CounterOptions {
  /** Events from one sample to the next, or samples a second that the kernel then aims at. */
  readonly every: { readonly period: number | bigint } | { readonly frequency: number };
  /**
   * What each sample holds. With `period` the kernel writes a sample for *every* software event or breakpoint, and
   * says there for how many it stands (kernel/events/core.c, perf_swevent_event). @default ["ip", "tid", "time"]
   */
  readonly fields?: readonly SampleField[];
  /** Other records that are wanted. @default none */
  readonly records?: readonly SideRecord[];
  /** Pages of ring buffer, a power of two. @default 64 */
  readonly pages?: number;
  /** Samples after which a wait ends. @default 1 */
  readonly wakeupEvents?: number;
  /** Masks of PERF_REG_X86_… (asm/perf_regs.h) for `regs_user` and `regs_intr`. @default 0n */
  readonly registers?: bigint;
  /** Bytes of stack for `stack_user`, a multiple of eight. @default 0 */
  readonly stackBytes?: number;
  /** Bits of PERF_SAMPLE_BRANCH_… for `branch_stack`. @default 0 */
  readonly branches?: number;
  /** Told of each loss while records are drained: how many records, and how many so far. @default nobody is */
  readonly onLoss?: (lost: bigint, total: bigint) => void;
}

/** Opens the event so that it counts what it loses, where the kernel knows of that (6.0, commit 119a784c8127). */
function openCountingLosses(open: (format: number) => OpenEvent): { opened: OpenEvent; counts: boolean } {
  try {
    return { opened: open(TIMES | PERF_FORMAT.LOST), counts: true };
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== "EINVAL") throw error;
    return { opened: open(TIMES), counts: false };
  }
}

/**
 * A sampling counter.
 *
 * @example
 * ```ts
 * using sampler = Sampler.open("task-clock:u", { every: { period: 1_000_000 } });
 * sampler.enable();
 * work();
 * for (const record of sampler.drain()) {
 *   if (record.kind === "sample") console.log(record.ip);
 * }
 * console.log(sampler.shortfall() ?? "nothing is missing");
 * ```
 */
export class Sampler extends Counter {
  readonly #ring: RecordRing;
  readonly #tally: LossTally;

  private constructor(
    event: PerfEvent,
    open: OpenEvent,
    mapping: PerfMapping,
    { userRead = false, onLoss }: SamplerOptions,
    layout: SampleLayout,
  ) {
    const countsLosses = (layout.readFormat & PERF_FORMAT.LOST) !== 0;
    super(event, open, mapping, userRead, COUNTER_WORDS + Number(countsLosses));
    this.#ring = new RecordRing(mapping, layout);
    this.#tally = new LossTally(onLoss);
  }

  /**
   * Opens a sampling counter, disabled.
   *
   * @throws SyscallError when the kernel refuses; its remedy says what to do.
   * @throws EventNameError for a name that is none.
   */
  static override open(event: PerfEvent | string, options: SamplerOptions): Sampler {
    const resolved = typeof event === "string" ? resolveEvent(event, options.host) : event;
    const { every, fields = ["ip", "tid", "time"], records = [], registers = 0n } = options;
    const bitOf = (field: SampleField) => PERF_SAMPLE[field.toUpperCase() as Uppercase<SampleField>];
    const sampleType = fields.reduce((bits, field) => bits | bitOf(field), 0);
    const frequency = "frequency" in every;
    const flags: PerfAttrFlag[] = ["sample_id_all", ...(frequency ? (["freq"] as const) : [])];
    const extra = {
      sample_type: sampleType,
      sample_period: frequency ? every.frequency : every.period,
      wakeup_events: options.wakeupEvents ?? 1,
      sample_regs_user: fields.includes("regs_user") ? registers : 0n,
      sample_regs_intr: fields.includes("regs_intr") ? registers : 0n,
      sample_stack_user: options.stackBytes ?? 0,
      branch_sample_type: options.branches ?? 0,
      flags: [...flags, ...records.flatMap((record) => SIDE_RECORDS[record])],
    };
    const { opened: open, counts } = openCountingLosses((format) =>
      openEvent(resolved, options, { ...extra, read_format: format }),
    );
    try {
      const remedy = `make the ring smaller ('pages', a power of two), or raise kernel.perf_event_mlock_kb; ${MAPPING_REMEDY}`;
      const mapping = mapEvent(open.system, open.fd, options.pages ?? DEFAULT_PAGES, remedy);
      return new Sampler(resolved, open, mapping, options, {
        sampleType,
        readFormat: counts ? TIMES | PERF_FORMAT.LOST : TIMES,
        sampleIdAll: true,
        registersUser: registers,
        registersInterrupt: registers,
        branchSampleType: options.branches ?? 0,
      });
    } catch (error) {
      open.system.close(open.fd);
      throw error;
    }
  }

  /** Opens a sampling counter, or says why this host can't count the event; throws as `Counter.tryOpen`. */
  static override tryOpen(event: PerfEvent | string, options: SamplerOptions): Sampler | NotSupported {
    return orNotSupported(() => Sampler.open(event, options));
  }

  /** Changes the period, from the next overflow on or at once, as the kernel has it. */
  setPeriod(events: number | bigint): void {
    unwrap("ioctl(PERF_EVENT_IOC_PERIOD)", this.system.ioctl(this.fd, PERF_IOC.PERIOD, events));
  }

  /** Enables the event for so many overflows; it then disables itself. */
  refresh(overflows: number): void {
    unwrap("ioctl(PERF_EVENT_IOC_REFRESH)", this.system.ioctl(this.fd, PERF_IOC.REFRESH, overflows));
  }

  /**
   * Waits for samples. The kernel forgets a wakeup once it has been told: {@link drain} after each.
   *
   * @param milliseconds At most; 0 only looks.
   * @returns `"ready"` when {@link drain} has new ones; `"hang-up"` when the task is gone, with its last samples still
   *   in the ring; `"error"` of a pinned event that lost its counter.
   */
  wait(milliseconds: number): "ready" | "hang-up" | "error" | "timeout" {
    const events = unwrap("poll(perf event)", this.system.poll(this.fd, milliseconds));
    if ((events & POLL.ERR) !== 0) return "error";
    if ((events & POLL.HUP) !== 0) return "hang-up";
    return (events & POLL.IN) === 0 ? "timeout" : "ready";
  }

  /** Takes all records that have come, oldest first. */
  drain(): PerfRecord[] {
    const records = this.#ring.drain();
    for (const record of records) this.#tally.add(record);
    return records;
  }

  /** Value and times to the first three words; see {@link Counter.read}. */
  override read(into: BigUint64Array): number {
    checkRoom(into, COUNTER_WORDS);
    const bytes = this.system.read(this.fd, this.words);
    if (bytes <= 0) return bytes;
    into.set(this.words.subarray(0, COUNTER_WORDS));
    return COUNTER_WORDS * BigUint64Array.BYTES_PER_ELEMENT;
  }

  override readValue(into: BigUint64Array): number {
    return this.read(into);
  }

  /**
   * How much is missing of what was to be sampled so far. At the end, {@link disable} and {@link drain} first.
   *
   * @throws SyscallError when the event can't be read.
   */
  losses(): SamplingLosses {
    unwrap("read(perf event)", this.system.read(this.fd, this.words));
    return this.#tally.losses(this.words[COUNTER_WORDS]);
  }

  /** The same in words, with what to do about it; undefined while nothing is missing. */
  shortfall(): string | undefined {
    return describeLosses(this.losses());
  }
}
