/** Counters of a PMU as a kernel believes in them, and which events may go on which. */
import { IN_TXCP } from "../../../ffi/mod.ts";
import type { PeriodLimit } from "./period-limit.ts";

/** What a kernel's driver has learned of its PMU: by cpuid, so a guest believes its hypervisor. */
export interface PmuLayout {
  readonly vendor: "GenuineIntel" | "AuthenticAMD" | "aarch64";
  readonly general: number;
  readonly fixed: number;
  readonly width: number;
  readonly version: number;
  /** General counters that others hold all the time, from the last one down. */
  readonly taken: number;
  /** Longest period of a counter: 2^31 − 1 where only its lower 32 bits can be written. */
  readonly maxPeriod: number;
  /** Shortest periods that the kernel takes; undefined for any. */
  readonly periodLimit: PeriodLimit | undefined;
  /** The kernel sees transactional memory (RTM or HLE): configs have its bits (`hsw_hw_config`). */
  readonly transactional: boolean;
  /** Configs have a second byte of the umask (cpuid leaf 0x23), and the kernel knows. */
  readonly umask2: boolean;
  /** Generic events of AMD, which differ by processor and kernel. */
  readonly amdEvents: "before Zen" | "Zen" | "Zen 2" | "Zen 4";
  /** The kernel knows an event for PERF_COUNT_HW_BRANCH_INSTRUCTIONS: on aarch64 from 6.4 on (commit a30b87e6bd7d). */
  readonly mapsBranches: boolean;
  /** Precise sampling (PEBS): not in guests. */
  readonly precise: boolean;
}

/** First index of fixed counters, as in arch/x86/include/asm/perf_event.h (INTEL_PMC_IDX_FIXED). */
export const FIXED_BASE = 32;
/** No counter has this index, or a higher one. */
export const COUNTERS_END = 48;

/** Events that a fixed counter counts: config → its number. arch/x86/events/intel/core.c. */
const FIXED_EVENTS: ReadonlyMap<bigint, number> = new Map([
  [0x00c0n, 0],
  [0x003cn, 1],
  [0x0300n, 2],
]);
/** The cycle counter of aarch64 counts CPU_CYCLES alone. `armv8pmu_get_event_idx`, drivers/perf/arm_pmuv3.c (6.10). */
const ARM_CYCLES = 0x11n;
/** Reference cycles have no event code of their own for a general counter. */
const FIXED_ONLY = 0x0300n;
/** The only counter that can be checkpointed. `counter2_constraint`, arch/x86/events/intel/core.c. */
const CHECKPOINTED_COUNTER = 2;

/** Indices of counters that an event may be on, the one to be tried first in front. */
export function candidates(layout: PmuLayout, config: bigint): readonly number[] {
  const general = Array.from({ length: layout.general }, (_, index) => index);
  if (layout.vendor === "AuthenticAMD") return general;
  if (layout.vendor === "aarch64") {
    return config === ARM_CYCLES && layout.fixed > 0 ? [FIXED_BASE, ...general] : general;
  }
  if ((config & IN_TXCP) !== 0n) return general.filter((index) => index === CHECKPOINTED_COUNTER);
  const fixed = FIXED_EVENTS.get(config);
  const own = fixed !== undefined && fixed < layout.fixed ? [FIXED_BASE + fixed] : [];
  return config === FIXED_ONLY ? own : [...own, ...general];
}

/** Counters that others hold. */
export function takenCounters({ general, taken }: PmuLayout): ReadonlySet<number> {
  const held = Math.min(taken, general);
  return new Set(Array.from({ length: held }, (_, index) => general - 1 - index));
}

/** An event that wants a counter: which ones it may be on, and which it was on last. */
export interface Wish {
  readonly candidates: readonly number[];
  readonly last?: number | undefined;
}

/**
 * Gives each event a counter of its own, or fails: there are no halves. If each can have the one that it was on, all stay;
 * else all are placed anew, those with the fewest choices first, each on its fixed counter or the lowest one that is free.
 * That is how one that may only be on counter 2 moves another one away.
 * Source: Linux 6.18, arch/x86/events/core.c (x86_schedule_events, perf_assign_events, perf_sched_find_counter).
 *
 * @param wishes The events, in the order in which they came.
 * @param unavailable Counters that are taken.
 * @returns The counter of each event, or undefined where they don't all fit.
 */
export function assign(wishes: readonly Wish[], unavailable: ReadonlySet<number>): number[] | undefined {
  return asBefore(wishes, unavailable) ?? anew(wishes, unavailable);
}

function asBefore(wishes: readonly Wish[], unavailable: ReadonlySet<number>): number[] | undefined {
  const used = new Set(unavailable);
  const counters: number[] = [];
  for (const { candidates, last } of wishes) {
    if (last === undefined || !candidates.includes(last) || used.has(last)) return undefined;
    used.add(last);
    counters.push(last);
  }
  return counters;
}

function anew(wishes: readonly Wish[], unavailable: ReadonlySet<number>): number[] | undefined {
  const used = new Set(unavailable);
  const counters: number[] = [];
  const byWeight = [...wishes.entries()].sort(([, a], [, b]) => a.candidates.length - b.candidates.length);
  for (const [index, { candidates }] of byWeight) {
    const free = candidates.filter((counter) => !used.has(counter));
    const counter = free.find((each) => each >= FIXED_BASE) ?? free[0];
    if (counter === undefined) return undefined;
    used.add(counter);
    counters[index] = counter;
  }
  return counters;
}
