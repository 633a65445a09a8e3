/**
 * What events of a processor count of an activity, by the names that their vendors give them (the lists of `ffi/perf`),
 * and how far that can be believed. An event that is none of these never happens here, as the model knows of no caches.
 */
import {
  CORES,
  type CoreEvents,
  type CoreName,
  codeOf,
  EVENT_LISTS,
  isAarch64,
  microarchitecture,
  vendorEvents,
} from "../../../ffi/mod.ts";
import type { Certainty } from "../model-api.ts";
import type { CoreKind, CpuProfile } from "../profile.ts";
import { type Activity, branchesOf } from "./activity.ts";

/** How often an event happens in an activity, outside of the question which part of it was in transactions. */
type Count = (activity: Activity, cpu: CpuProfile) => number;

export interface Quantity {
  readonly count: Count;
  readonly certainty: Certainty;
}

function exact(count: Count): Quantity {
  return { count, certainty: "exact" };
}

function estimated(count: Count): Quantity {
  return { count, certainty: "estimated" };
}

const never: Quantity = { count: () => 0, certainty: "unknown" };

/** Retired branches, of which only the conditional ones are known where nobody has counted the others. */
const allBranches = (activity: Activity) => branchesOf(activity) + activity.unconditional;

const INSTRUCTIONS = exact(({ instructions }) => instructions);
const BRANCHES = exact(allBranches);
const CONDITIONAL = exact(branchesOf);
const TAKEN = exact((activity) => Math.max(0, allBranches(activity) - activity.notTaken));
const NEAR_TAKEN = exact((activity) => Math.max(0, allBranches(activity) - activity.notTaken - activity.far));
const TAKEN_CONDITIONAL = exact((activity) => Math.max(0, branchesOf(activity) - activity.notTaken));
const NOT_TAKEN = exact(({ notTaken }) => notTaken);
const CALLS = exact(({ calls }) => calls);
const RETURNS = exact(({ returns }) => returns);
const FAR = exact(({ far }) => far);
const LOADS = exact(({ loads }) => loads);
const STORES = exact(({ stores }) => stores);
/** One instruction takes one cycle here, of whichever clock. */
const CYCLES = estimated(({ instructions }) => instructions);

/** By the names of `ffi/perf`, for cores whose vendor has no list of them. */
const NAMED: Readonly<Record<string, Quantity>> = {
  "retired-conditional-branches": CONDITIONAL,
  "retired-branches": BRANCHES,
  "retired-taken-branches": TAKEN,
  "retired-taken-conditional-branches": TAKEN_CONDITIONAL,
  "retired-not-taken-conditional-branches": NOT_TAKEN,
  "retired-calls": CALLS,
  "retired-returns": RETURNS,
  "retired-far-control-transfers": FAR,
  "retired-loads": LOADS,
  "retired-stores": STORES,
  "retired-locked-loads": exact(({ locked }) => locked),
  "hle-starts": exact(({ hleStarts }) => hleStarts),
  "hle-aborts": exact(({ hleAborts }) => hleAborts),
  "rtm-starts": exact(({ rtmStarts }) => rtmStarts),
  "rtm-aborts": exact(({ rtmAborts }) => rtmAborts),
  "speculative-lock-commits": exact(({ locked }, { specLockMap }) => (specLockMap ? locked : 0)),
};

/**
 * By vendors' names. Operations of memory are more than instructions that read or write it, where one makes several; what
 * indirect branches AMD counts is not said.
 */
const VENDORS: readonly (readonly [RegExp, Quantity])[] = [
  [/^(INST_RETIRED(\.ANY(_P)?)?|INST_ALL|ex_ret_instr)$/, INSTRUCTIONS],
  [/^(BR_INST_RETIRED\.ALL_BRANCHES|BR_RETIRED|INST_BRANCH|ex_ret_brn)$/, BRANCHES],
  [/^(BR_INST_RETIRED\.(CONDITIONAL|COND|JCC)|ex_ret_(brn_)?cond)$/, CONDITIONAL],
  [/^BR_INST_RETIRED\.(COND_TAKEN|TAKEN_JCC)$/, TAKEN_CONDITIONAL],
  [/^BR_INST_RETIRED\.(COND_NTAKEN|NOT_TAKEN)$/, NOT_TAKEN],
  [/^BR_INST_RETIRED\.NEAR_TAKEN$/, NEAR_TAKEN],
  [/^(BR_INST_RETIRED\.(TAKEN|ALL_TAKEN_BRANCHES)|ex_ret_brn_tkn)$/, TAKEN],
  [/^BR_INST_RETIRED\.(NEAR_)?CALL$/, CALLS],
  [/^(BR_INST_RETIRED\.(NEAR_)?RETURN|ex_ret_near_ret)$/, RETURNS],
  [/^(BR_INST_RETIRED\.FAR_BRANCH|ex_ret_brn_far)$/, FAR],
  [/^BR_INST_RETIRED\.(INDIRECT|NON_RETURN_IND)$/, exact(({ indirect }) => indirect)],
  [/^ex_ret_ind_brch_instr$/, estimated(({ indirect }) => indirect)],
  [/^MEM_INST_RETIRED\.ALL_LOADS$/, LOADS],
  [/^MEM_INST_RETIRED\.ALL_STORES$/, STORES],
  [/^MEM_UOPS_RETIRED\.ALL_LOADS$/, estimated(({ loads }) => loads)],
  [/^MEM_UOPS_RETIRED\.ALL_STORES$/, estimated(({ stores }) => stores)],
  [/^(CPU_CLK_UNHALTED\.(THREAD|CORE|REF_TSC|REF)(_P)?|ls_not_halted_cyc)$/, CYCLES],
];

/**
 * Architectural events: event | umask << 8. Intel SDM volume 3B, 20.2.1.2; AMD PPR, PMCx0C0, x076, x0C2; of aarch64
 * include/linux/perf/arm_pmuv3.h.
 */
const ARCHITECTURAL: Readonly<Record<"Intel" | "AMD" | "aarch64", Readonly<Record<number, Quantity>>>> = {
  Intel: {
    60: CYCLES,
    192: INSTRUCTIONS,
    196: BRANCHES,
    // Pseudo code of reference cycles, which only a fixed counter counts (arch/x86/events/intel/core.c).
    768: CYCLES,
  },
  // The last one counts cycles of the reference clock, from Zen 4 on: PMCx120 with umask 1.
  AMD: { 118: CYCLES, 192: INSTRUCTIONS, 194: BRANCHES, 4294967584: CYCLES },
  aarch64: { 8: INSTRUCTIONS, 17: CYCLES, 33: BRANCHES },
};

const known = new Map<string, ReadonlyMap<bigint, Quantity>>();

/** What the events of a core count, by the code in their config; of a core that nobody knows the architectural ones. */
function quantitiesOf(
  vendor: keyof typeof ARCHITECTURAL,
  core: CoreName | undefined,
): ReadonlyMap<bigint, Quantity> {
  const key = `${vendor} ${core}`;
  const made = known.get(key);
  if (made) return made;
  const quantities = new Map<bigint, Quantity>();
  for (const [code, quantity] of Object.entries(ARCHITECTURAL[vendor])) {
    quantities.set(BigInt(code), quantity);
  }
  const named: CoreEvents = core === undefined ? {} : CORES[core];
  for (const [name, code] of Object.entries(named)) {
    const quantity = NAMED[name];
    if (quantity) quantities.set(code, quantity);
  }
  for (const { name, terms } of core === undefined ? [] : vendorEvents(EVENT_LISTS[core])) {
    const quantity = VENDORS.find(([names]) => names.test(name))?.[1];
    // Other terms than these change what is counted.
    if (quantity && /^event=\w+(,umask=\w+)?$/.test(terms)) {
      quantities.set(codeOf(terms, vendor), quantity);
    }
  }
  known.set(key, quantities);
  return quantities;
}

/** Core of a low-power island: that of Arrow Lake-H and Meteor Lake, whose events are those of its relatives. */
const LOW_POWER_CORE = "Crestmont";

/** What an event of a kind of core counts. */
export class Quantities {
  readonly #byKind: Readonly<Record<CoreKind, ReadonlyMap<bigint, Quantity>>>;

  constructor(cpu: CpuProfile) {
    const line = microarchitecture(cpu);
    const vendor = isAarch64(cpu) ? "aarch64" : cpu.vendor === "GenuineIntel" ? "Intel" : "AMD";
    const of = (core: CoreName | undefined) => quantitiesOf(vendor, core);
    this.#byKind = {
      core: of(line?.core),
      atom: of(line?.efficient),
      lowpower: of(line && LOW_POWER_CORE),
    };
  }

  /** @param code Of the config, the bits that select an event. */
  of(kind: CoreKind, code: bigint): Quantity {
    return this.#byKind[kind].get(code) ?? never;
  }
}

/** Whether a quantity is of branches alone, of which transactions have their own counts. */
export function isOfBranches(quantity: Quantity): boolean {
  return quantity === CONDITIONAL || quantity === BRANCHES;
}
