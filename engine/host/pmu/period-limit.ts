/**
 * Shortest periods that a kernel's driver takes, where a processor has an erratum. `limit_period` lifts what is shorter, and
 * what would have to be lifted is refused: by perf_event_open and by ioctl(PERIOD).
 * Source: arch/x86/events/intel/core.c, nhm_limit_period (5.3), bdw_limit_period (4.1), hsw_limit_period (6.11);
 * arch/x86/events/core.c, x86_pmu_hw_config and x86_pmu_check_period (6.11).
 */
import { microarchitecture } from "../../../ffi/mod.ts";
import type { CpuProfile } from "../profile.ts";
import { isAtLeast } from "../release.ts";

/** Shortest periods: of any event, and of INST_RETIRED.ALL. */
export interface PeriodLimit {
  readonly any: number;
  readonly instructions: number;
  /** Events that only count are refused too, as though their period of 0 were too short. */
  readonly refusesCounting: boolean;
}

/** INST_RETIRED.ALL: event 0xc0, umask 1. */
const ALL_INSTRUCTIONS = 0x01c0n;
const CODE = 0xffffn;
const NEHALEM = { any: 32, instructions: 32 };
const HASWELL = { any: 32, instructions: 128 };
const BROADWELL = { any: 1, instructions: 128 };

type Release = readonly [major: number, minor: number];
/** Limit of a line of processors, and the first release that has it. */
const LIMITS: Readonly<Record<string, readonly [since: Release, limit: typeof NEHALEM]>> = {
  Nehalem: [[5, 3], NEHALEM],
  Haswell: [[6, 11], HASWELL],
  Broadwell: [[4, 1], BROADWELL],
};

/**
 * Releases in which the check asked for a frequency instead of a period, so that 0 was too short: 6.14 to 6.14.4, as 88ec7eedbbd2
 * has it, until "Fix non-sampling (counting) events on certain x86 platforms" (April 2025).
 */
const REFUSES_COUNTING = /^6\.14(\.[0-4])?(?![.\d])/;

/** The limit on a processor under a kernel; undefined where that has none. */
export function periodLimit(cpu: CpuProfile, kernel: string): PeriodLimit | undefined {
  const line = microarchitecture(cpu)?.name;
  const [since, limit] = (line === undefined ? undefined : LIMITS[line]) ?? [];
  if (since === undefined || limit === undefined || !isAtLeast(kernel, since)) return undefined;
  return { ...limit, refusesCounting: REFUSES_COUNTING.test(kernel) };
}

/** The shortest period of an event. */
export function leastPeriod(limit: PeriodLimit | undefined, config: bigint): number {
  if (limit === undefined) return 1;
  return (config & CODE) === ALL_INSTRUCTIONS ? limit.instructions : limit.any;
}
