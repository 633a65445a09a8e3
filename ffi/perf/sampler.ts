/** A counter that interrupts: every so many events the kernel writes a sample to a ring, and wakes who waits. */

import { unwrap } from "../error.ts";
import { PERF_FORMAT, PERF_IOC, PERF_SAMPLE, type PerfAttrFlag } from "./constants.ts";
import { Counter, MAPPING_REMEDY, mapEvent } from "./counter.ts";
import type { PerfEvent } from "./event.ts";
import { resolveEvent } from "./events/mod.ts";
import { type CounterOptions, type OpenEvent, openEvent, orNotSupported } from "./open.ts";
import type { NotSupported } from "./reading.ts";
import type { PerfRecord } from "./record.ts";
import { RecordRing } from "./ring.ts";
import type { SampleLayout } from "./sample.ts";
import type { PerfMapping } from "./system.ts";

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
 *   if (record.kind === "lost") console.log(`${record.lost} samples are missing`);
 * }
 * ```
 */
export class Sampler extends Counter {
  readonly #ring: RecordRing;

  private constructor(
    event: PerfEvent,
    open: OpenEvent,
    mapping: PerfMapping,
    userRead: boolean,
    layout: SampleLayout,
  ) {
    super(event, open, mapping, userRead);
    this.#ring = new RecordRing(mapping, layout);
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
    const open = openEvent(resolved, options, {
      read_format: TIMES,
      sample_type: sampleType,
      sample_period: frequency ? every.frequency : every.period,
      wakeup_events: options.wakeupEvents ?? 1,
      sample_regs_user: fields.includes("regs_user") ? registers : 0n,
      sample_regs_intr: fields.includes("regs_intr") ? registers : 0n,
      sample_stack_user: options.stackBytes ?? 0,
      branch_sample_type: options.branches ?? 0,
      flags: [...flags, ...records.flatMap((record) => SIDE_RECORDS[record])],
    });
    try {
      const remedy = `make the ring smaller ('pages', a power of two), or raise kernel.perf_event_mlock_kb; ${MAPPING_REMEDY}`;
      const mapping = mapEvent(open.system, open.fd, options.pages ?? DEFAULT_PAGES, remedy);
      return new Sampler(resolved, open, mapping, options.userRead ?? false, {
        sampleType,
        readFormat: TIMES,
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
    return this.#ring.drain();
  }
}
