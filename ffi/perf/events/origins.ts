/**
 * Where the codes of `cores.ts` come from: for each core the list of events in `data/`, and what vendors call the events
 * there. The lists are facts of the kernel's perf JSON, which it takes from Intel and AMD, and of rr; the first line of
 * each says of which file and version. A test compares the codes with them.
 */
import type { CoreName } from "./cores.ts";

/** A list in `data/`, and the PMU whose events in it are meant: `cpu`, or one of a hybrid processor. */
export interface EventList {
  readonly list: string;
  readonly unit: "cpu" | "cpu_core" | "cpu_atom";
}

function of(list: string, unit: EventList["unit"] = "cpu"): EventList {
  return { list, unit };
}

/** Vendor's list of each core; those of family 15h have none, but rr knows them. */
export const EVENT_LISTS: Readonly<Record<CoreName, EventList>> = {
  Nehalem: of("nehalemep"),
  Westmere: of("westmereep-sp"),
  "Sandy Bridge": of("sandybridge"),
  "Ivy Bridge": of("ivybridge"),
  Haswell: of("haswell"),
  Broadwell: of("broadwell"),
  Skylake: of("skylake"),
  "Cascade Lake": of("cascadelakex"),
  "Cooper Lake": of("cascadelakex"),
  "Kaby Lake": of("skylake"),
  "Coffee Lake": of("skylake"),
  "Comet Lake": of("skylake"),
  "Sunny Cove": of("icelake"),
  "Cypress Cove": of("icelake"),
  "Willow Cove": of("tigerlake"),
  "Golden Cove": of("sapphirerapids"),
  "Raptor Cove": of("alderlake", "cpu_core"),
  "Redwood Cove": of("graniterapids"),
  "Lion Cove": of("lunarlake", "cpu_core"),
  "Cougar Cove": of("pantherlake", "cpu_core"),
  Silvermont: of("silvermont"),
  Airmont: of("silvermont"),
  "Knights Landing": of("knightslanding"),
  "Knights Mill": of("knightslanding"),
  Goldmont: of("goldmont"),
  "Goldmont Plus": of("goldmontplus"),
  Tremont: of("snowridgex"),
  Gracemont: of("alderlake", "cpu_atom"),
  Crestmont: of("sierraforest"),
  Skymont: of("lunarlake", "cpu_atom"),
  Darkmont: of("clearwaterforest"),
  Zen: of("amdzen1"),
  "Zen+": of("amdzen1"),
  "Zen 2": of("amdzen2"),
  "Zen 3": of("amdzen3"),
  "Zen 4": of("amdzen4"),
  "Zen 5": of("amdzen5"),
  "Zen 6": of("amdzen6"),
  Bulldozer: of("rr"),
  Piledriver: of("rr"),
  Steamroller: of("rr"),
  Excavator: of("rr"),
  "Neoverse N1": of("neoverse-n1"),
  "Neoverse N2": of("neoverse-n2-v2"),
  "Neoverse V1": of("neoverse-v1"),
  "Neoverse V2": of("neoverse-n2-v2"),
  AmpereOne: of("ampereone"),
  Firestorm: of("applem1"),
  Icestorm: of("applem1"),
  Avalanche: of("applem1"),
  Blizzard: of("applem1"),
};

/** What vendors call an event, one name after the other over the years; and rr, where no vendor's list has it. */
export const VENDOR_NAMES: Readonly<
  Record<string, { readonly vendor: readonly string[]; readonly rr: readonly string[] }>
> = {
  "retired-conditional-branches": {
    vendor: [
      "BR_INST_RETIRED.CONDITIONAL",
      "BR_INST_RETIRED.COND",
      "BR_INST_RETIRED.JCC",
      "ex_ret_cond",
      "ex_ret_brn_cond",
      "INST_BRANCH_COND",
    ],
    rr: [],
  },
  "retired-taken-conditional-branches": {
    vendor: ["BR_INST_RETIRED.COND_TAKEN", "BR_INST_RETIRED.TAKEN_JCC"],
    rr: [],
  },
  "retired-not-taken-conditional-branches": {
    vendor: ["BR_INST_RETIRED.COND_NTAKEN", "BR_INST_RETIRED.NOT_TAKEN"],
    rr: [],
  },
  "retired-taken-branches": {
    vendor: ["BR_INST_RETIRED.NEAR_TAKEN", "ex_ret_brn_tkn", "INST_BRANCH_TAKEN"],
    rr: ["AMD Family 15h taken"],
  },
  "retired-branches": { vendor: ["ex_ret_brn", "BR_RETIRED", "INST_BRANCH"], rr: [] },
  "retired-mispredicted-branches": { vendor: ["ex_ret_brn_misp", "BR_MIS_PRED_RETIRED"], rr: [] },
  "exclusive-stores": { vendor: ["STREX_SPEC"], rr: ["AmpereOne exclusive stores"] },
  "retired-far-control-transfers": { vendor: ["ex_ret_brn_far"], rr: ["AMD Family 15h minus"] },
  "retired-calls": { vendor: ["BR_INST_RETIRED.NEAR_CALL", "INST_BRANCH_CALL"], rr: [] },
  "retired-returns": { vendor: ["BR_INST_RETIRED.NEAR_RETURN", "INST_BRANCH_RET"], rr: [] },
  "retired-loads": { vendor: ["MEM_UOPS_RETIRED.ALL_LOADS", "MEM_INST_RETIRED.ALL_LOADS"], rr: [] },
  "retired-stores": { vendor: ["MEM_UOPS_RETIRED.ALL_STORES", "MEM_INST_RETIRED.ALL_STORES"], rr: [] },
  "retired-locked-loads": { vendor: ["MEM_UOPS_RETIRED.LOCK_LOADS", "MEM_INST_RETIRED.LOCK_LOADS"], rr: [] },
  "mispredicted-conditional-branches": {
    vendor: ["BR_MISP_RETIRED.CONDITIONAL", "BR_MISP_RETIRED.COND"],
    rr: [],
  },
  "hle-starts": { vendor: ["HLE_RETIRED.START"], rr: [] },
  "hle-aborts": { vendor: ["HLE_RETIRED.ABORTED"], rr: [] },
  "rtm-starts": { vendor: ["RTM_RETIRED.START"], rr: [] },
  "rtm-aborts": { vendor: ["RTM_RETIRED.ABORTED"], rr: [] },
  "hardware-interrupts": {
    vendor: ["HW_INTERRUPTS.RECEIVED", "ls_int_taken"],
    rr: [
      "Nehalem interrupts",
      "Westmere interrupts",
      "Sandy Bridge interrupts",
      "Ivy Bridge interrupts",
      "Haswell interrupts",
      "Broadwell interrupts",
      "AMD interrupt taken",
    ],
  },
  "speculative-lock-commits": { vendor: ["ls_locks.spec_lock_hi_spec"], rr: ["AMD spec-lock-map"] },
};
