/**
 * Which event of the hardware a raw config selects, and what it counts of an activity. The codes are those of
 * `ffi/perf`; a code that is none of them is an event that never happens here, as the model knows of no caches.
 */
import { IN_TX, IN_TXCP, isAarch64 } from "../../../ffi/mod.ts";
import type { Certainty } from "../model-api.ts";
import type { CoreKind, CpuProfile } from "../profile.ts";
import { type Activity, branchesOf } from "./activity.ts";
import { isOfBranches, Quantities, type Quantity } from "./quantities.ts";

/** Bits of the config that say which event it is; the rest changes how it is counted. */
const INTEL_CODE = 0xff00_0000_ffffn;
const AMD_CODE = 0xf_0000_ffffn;
const ARM_CODE = 0xffffn;
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

/** Whether only some cycles are counted, of which nothing is known. */
function isFiltered({ config }: Selection): boolean {
  return (config & INVERT) !== 0n || ((config >> CMASK_SHIFT) & 0xffn) > 1n;
}

/** Counts events on one kind of processor. */
export class EventCounts {
  readonly #cpu: CpuProfile;
  readonly #code: bigint;
  readonly #quantities: Quantities;

  constructor(cpu: CpuProfile) {
    this.#cpu = cpu;
    this.#code = isAarch64(cpu) ? ARM_CODE : cpu.vendor === "GenuineIntel" ? INTEL_CODE : AMD_CODE;
    this.#quantities = new Quantities(cpu);
  }

  #quantityOf({ config, unit = "core" }: Selection): Quantity {
    return this.#quantities.of(unit, config & this.#code);
  }

  get #isIntel(): boolean {
    return this.#cpu.vendor === "GenuineIntel";
  }

  /** How far a count can be believed, where all that retires is counted. */
  certainty(selection: Selection): Certainty {
    const { certainty } = this.#quantityOf(selection);
    if (isFiltered(selection) || !selection.user) return "unknown";
    return certainty;
  }

  /**
   * How often an event happens in an activity. Outside of a checkpoint an aborted transaction's branches stay
   * counted: that is why a plain counter of ticks is not exact (Intel SDM volume 3B, 20.3.6.5).
   */
  count(selection: Selection, activity: Activity): number {
    const { config } = selection;
    if (!selection.user || isFiltered(selection)) return 0;
    const quantity = this.#quantityOf(selection);
    const all = quantity.count(activity, this.#cpu);
    if (!this.#isIntel || (config & (IN_TX | IN_TXCP)) === 0n) return all;
    const [inside, rolledBack] = this.#transactional(activity, quantity);
    const counted = (config & IN_TX) === 0n ? all : inside;
    return counted - ((config & IN_TXCP) === 0n ? 0 : rolledBack);
  }

  /** How much of a quantity was in transactions, and how much of it was rolled back. */
  #transactional(activity: Activity, quantity: Quantity): [inside: number, rolledBack: number] {
    const { committed, aborted } = activity;
    if (isOfBranches(quantity)) return [committed + aborted, aborted];
    const all = branchesOf(activity);
    if (all === 0) return [0, 0];
    const value = quantity.count(activity, this.#cpu);
    return [Math.floor((value * (committed + aborted)) / all), Math.floor((value * aborted) / all)];
  }
}
