/**
 * Which event of the hardware a raw config selects, and what it counts of an activity. The codes are those of
 * `ffi/perf`; a code that is none of them is an event that never happens here, as the model knows of no caches.
 */
import {
  CORES,
  type CoreEvents,
  type CoreName,
  IN_TX,
  IN_TXCP,
  microarchitecture,
} from "../../../ffi/mod.ts";
import type { CoreKind, CpuProfile } from "../profile.ts";
import { type Activity, branchesOf } from "./activity.ts";

/** What an event counts outside of the question which part of it was in transactions. */
type Quantity = (activity: Activity, cpu: CpuProfile) => number;

/** Only conditional branches are known of a program, so they stand for all branches. */
const allBranches: Quantity = (activity) => branchesOf(activity);
const never: Quantity = () => 0;

const NAMED: Readonly<Record<string, Quantity>> = {
  "retired-conditional-branches": allBranches,
  "retired-branches": allBranches,
  "retired-taken-branches": allBranches,
  "retired-taken-conditional-branches": allBranches,
  "retired-locked-loads": ({ locked }) => locked,
  "hle-starts": ({ hleStarts }) => hleStarts,
  "hle-aborts": ({ hleAborts }) => hleAborts,
  "rtm-starts": ({ rtmStarts }) => rtmStarts,
  "rtm-aborts": ({ rtmAborts }) => rtmAborts,
  "speculative-lock-commits": ({ locked }, { specLockMap }) => (specLockMap ? locked : 0),
};

/** Architectural events: event | umask << 8. Intel SDM volume 3B, 20.2.1.2; AMD PPR, PMCx0C0, x076, x0C2. */
const ARCHITECTURAL: Readonly<Record<CpuProfile["vendor"], Readonly<Record<number, Quantity>>>> = {
  GenuineIntel: {
    60: ({ instructions }) => instructions,
    192: ({ instructions }) => instructions,
    196: allBranches,
    // Pseudo code of reference cycles, which only a fixed counter counts (arch/x86/events/intel/core.c).
    768: ({ instructions }) => instructions,
  },
  AuthenticAMD: {
    118: ({ instructions }) => instructions,
    192: ({ instructions }) => instructions,
    194: allBranches,
  },
};

/** Bits of the config that say which event it is; the rest changes how it is counted. */
const INTEL_CODE = 0xff00_0000_ffffn;
const AMD_CODE = 0xf_0000_ffffn;
/** Invert, and the threshold that an event must reach in one cycle: what they count is not known here. */
const INVERT = 1n << 23n;
const CMASK_SHIFT = 24n;

/** An event as a counter is told to count it. */
export interface Selection {
  readonly config: bigint;
  /** PMU of a hybrid processor that it is of. @default "core" */
  readonly unit?: CoreKind | undefined;
  /** Counts in user mode; a counter of the kernel's side alone counts nothing here. */
  readonly user: boolean;
}

/** Core of a low-power island: that of Arrow Lake-H and Meteor Lake, whose events are those of its relatives. */
const LOW_POWER_CORE = "Crestmont";

/** Events of a core of a processor, by the code in their config. */
function coreEvents(cpu: CpuProfile, kind: CoreKind): CoreEvents {
  const line = microarchitecture(cpu);
  if (line === undefined) return {};
  const core = { core: line.core, atom: line.efficient, lowpower: LOW_POWER_CORE }[kind];
  return core === undefined ? {} : CORES[core as CoreName];
}

/** Counts events on one kind of processor. */
export class EventCounts {
  readonly #cpu: CpuProfile;
  readonly #quantities: Readonly<Record<CoreKind, ReadonlyMap<bigint, Quantity>>>;

  constructor(cpu: CpuProfile) {
    this.#cpu = cpu;
    const of = (kind: CoreKind) => {
      const quantities = new Map<bigint, Quantity>();
      for (const [code, quantity] of Object.entries(ARCHITECTURAL[cpu.vendor])) {
        quantities.set(BigInt(code), quantity);
      }
      for (const [name, code] of Object.entries(coreEvents(cpu, kind))) {
        const quantity = NAMED[name];
        if (quantity) quantities.set(code, quantity);
      }
      return quantities;
    };
    this.#quantities = { core: of("core"), atom: of("atom"), lowpower: of("lowpower") };
  }

  /**
   * How often an event happens in an activity. Outside of a checkpoint an aborted transaction's branches stay
   * counted: that is why a plain counter of ticks is not exact (Intel SDM volume 3B, 20.3.6.5).
   */
  count({ config, user, unit = "core" }: Selection, activity: Activity): number {
    if (!user) return 0;
    const intel = this.#cpu.vendor === "GenuineIntel";
    const quantity = this.#quantities[unit].get(config & (intel ? INTEL_CODE : AMD_CODE)) ?? never;
    const cmask = (config >> CMASK_SHIFT) & 0xffn;
    if ((config & INVERT) !== 0n || cmask > 1n) return 0;
    const all = quantity(activity, this.#cpu);
    if (!intel || (config & (IN_TX | IN_TXCP)) === 0n) return all;
    const [inside, rolledBack] = this.#transactional(activity, quantity);
    const counted = (config & IN_TX) === 0n ? all : inside;
    return counted - ((config & IN_TXCP) === 0n ? 0 : rolledBack);
  }

  /** How much of a quantity was in transactions, and how much of it was rolled back. */
  #transactional(activity: Activity, quantity: Quantity): [inside: number, rolledBack: number] {
    const { committed, aborted } = activity;
    if (quantity === allBranches) return [committed + aborted, aborted];
    const all = branchesOf(activity);
    if (all === 0) return [0, 0];
    const value = quantity(activity, this.#cpu);
    return [Math.floor((value * (committed + aborted)) / all), Math.floor((value * aborted) / all)];
  }
}
