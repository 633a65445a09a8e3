/**
 * KVM's virtual PMU: a guest's counter is a register in memory, and an event of the host's kernel that counts for
 * it. Each time that the guest switches its counters on, the events are made anew, with what is left until the
 * register wraps as their period. The host may refuse such an event; the guest is then told nothing, and the
 * register just stands still. So does it for an event that the filter of the virtual machine has not.
 * Source: arch/x86/kvm/pmu.c (pmc_reprogram_counter, pmc_read_counter; check_pmu_event_filter, 6.3; pmc_is_event_allowed,
 * 6.18), vmx/pmu_intel.c (global_ctrl_changed).
 */
import { ERRNO, IN_TXCP, PERF_TYPE } from "../../ffi/mod.ts";
import type { CounterBank } from "./pmu/counters.ts";
import { type HardwareEvent, hardwareEvent, type PmuDriver } from "./pmu/driver.ts";
import { hwConfig } from "./pmu/hw-config.ts";
import type { Selection } from "./pmu/selection.ts";
import { isAtLeast } from "./release.ts";

interface VirtualCounter {
  /** Value of the register, without what the host's event has counted since. */
  value: number;
  /** Event select register; undefined while its enable bit is off. */
  selection: Selection | undefined;
  event: HardwareEvent | undefined;
}

/** An event that the host's kernel did not make for a guest's counter. */
export interface Refusal {
  /** −errno. */
  readonly result: number;
  readonly config: bigint;
  readonly samplePeriod: number;
}

/** Stable releases that have 6fc3977ccc5d too, by the line they are of. */
const STABLE_QUIET: Readonly<Record<string, number>> = {
  "4.4": 187,
  "4.9": 187,
  "4.14": 135,
  "4.19": 61,
  "5.1": 20,
  "5.2": 3,
};

/**
 * Whether KVM of a release says that it could not make an event: once, by printk_once, up to 5.2; from 5.3 on by pr_debug,
 * which a log has where somebody asks for it ("KVM: x86/vPMU: refine kvm_pmu err msg when event creation failed").
 */
export function logsRefusals(hostKernel: string): boolean {
  const [line = "", patch = "0"] = /^(\d+\.\d+)(?:\.(\d+))?/.exec(hostKernel)?.slice(1) ?? [];
  return (
    !isAtLeast(hostKernel, [5, 3]) && !(Number(patch) >= (STABLE_QUIET[line] ?? Number.POSITIVE_INFINITY))
  );
}

export interface VirtualPmuOptions {
  /** Driver of the host's kernel. */
  readonly host: PmuDriver;
  /** Bits of a guest's counter. */
  readonly width: number;
  /** The fix: checkpointed events get period 0. */
  readonly inTxCpFix: boolean;
  /** Whether the filter of events lets this one through (KVM_SET_PMU_EVENT_FILTER). @default all */
  readonly allows?: ((config: bigint) => boolean) | undefined;
  /** Whether the host's log has its first refusal: see `logsRefusals`. */
  readonly logsRefusals: boolean;
  /** Logs a line to the host's kernel log. */
  readonly log: (line: string) => void;
  /** Is told of each event that the host has refused, said or not. */
  readonly refused: (refusal: Refusal) => void;
}

export class VirtualPmu implements CounterBank {
  readonly #options: VirtualPmuOptions;
  readonly #counters = new Map<number, VirtualCounter>();
  #frozen = false;
  #logged = false;

  constructor(options: VirtualPmuOptions) {
    this.#options = options;
  }

  #counter(index: number): VirtualCounter {
    let counter = this.#counters.get(index);
    if (!counter) {
      counter = { value: 0, selection: undefined, event: undefined };
      this.#counters.set(index, counter);
    }
    return counter;
  }

  #wrap(value: number): number {
    const modulus = 2 ** this.#options.width;
    return ((value % modulus) + modulus) % modulus;
  }

  #read({ value, event }: VirtualCounter): number {
    if (event === undefined) return value;
    this.#options.host.update(event);
    return this.#wrap(value + event.count);
  }

  read(index: number): number {
    return this.#read(this.#counter(index));
  }

  /** Writes the register alone: its event goes on with the period that it has. */
  write(index: number, value: number): void {
    const counter = this.#counter(index);
    counter.value += value - this.#read(counter);
  }

  select(index: number, selection: Selection | undefined): void {
    const counter = this.#counter(index);
    counter.selection = selection;
    this.#reprogram(counter);
  }

  freeze(): void {
    this.#frozen = true;
    for (const counter of this.#counters.values()) this.#reprogram(counter);
  }

  thaw(): void {
    this.#frozen = false;
    for (const counter of this.#counters.values()) this.#reprogram(counter);
  }

  #release(counter: VirtualCounter): void {
    counter.value = this.#wrap(this.#read(counter));
    if (counter.event) this.#options.host.remove(counter.event);
    counter.event = undefined;
  }

  #reprogram(counter: VirtualCounter): void {
    this.#release(counter);
    if (this.#frozen || counter.selection === undefined) return;
    if (this.#options.allows?.(counter.selection.config) === false) return;
    const created = this.#createKernelCounter(counter.value, counter.selection);
    if (typeof created !== "number") {
      counter.event = created;
      return;
    }
    // printk_once: the second time the host says nothing either.
    if (!this.#logged && this.#options.logsRefusals)
      this.#options.log(`kvm_pmu: event creation failed ${created}`);
    this.#logged = true;
    const { config } = counter.selection;
    this.#options.refused({ result: created, config, samplePeriod: this.#period(counter.value, config) });
  }

  /** Sample period that KVM asks its host's kernel for. */
  #period(value: number, config: bigint): number {
    return (config & IN_TXCP) !== 0n && this.#options.inTxCpFix ? 0 : this.#wrap(-value);
  }

  /** `perf_event_create_kernel_counter` of the host: all of its checks, then a counter if one is free. */
  #createKernelCounter(value: number, { config, user }: Selection): HardwareEvent | number {
    const { host } = this.#options;
    const period = this.#period(value, config);
    const selection = hwConfig(host.layout, {
      type: PERF_TYPE.RAW,
      config,
      samplePeriod: BigInt(period),
      preciseIp: 0,
      excludeUser: !user,
      excludeHost: false,
      branchStack: false,
      mayCountOthers: true,
    });
    if (typeof selection === "number") return selection;
    // With no counter for its kind at all, creation fails; an event that is pinned and finds no free one is in error.
    if (!host.fits([selection])) return -ERRNO.EINVAL;
    const event = hardwareEvent(host.layout, selection, period);
    host.add([event]);
    return event;
  }

  /** A host event has overflowed. @returns The guest's counter that it counts for. */
  counterOf(event: HardwareEvent): number | undefined {
    for (const [index, counter] of this.#counters) if (counter.event === event) return index;
    return undefined;
  }
}
