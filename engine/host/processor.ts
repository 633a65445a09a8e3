/**
 * A described processor with what stands between its counters and the kernel that programs use: nothing, a virtual
 * PMU of KVM with the host's own driver below, or one of Xen or VMware that hands real counters through.
 */
import { CORES, isAarch64, microarchitecture } from "../../ffi/mod.ts";
import type { Certainty } from "./model-api.ts";
import {
  type Activity,
  activityOf,
  branchesIn,
  branchesOf,
  duration,
  instructionsIn,
  outlook,
  Stretch,
} from "./pmu/activity.ts";
import { type CounterBank, PhysicalCounters } from "./pmu/counters.ts";
import { type HardwareEvent, PmuDriver } from "./pmu/driver.ts";
import { COUNTERS_END, type PmuLayout } from "./pmu/layout.ts";
import { periodLimit } from "./pmu/period-limit.ts";
import { EventCounts, type Selection } from "./pmu/selection.ts";
import { type Noise, PendingInterrupts } from "./pmu/skid.ts";
import type { HostProfile } from "./profile.ts";
import { isAtLeast } from "./release.ts";
import { VirtualPmu, type VirtualPmuOptions } from "./vpmu.ts";

/** What the kernel does when the processor turns to it. */
export interface ProcessorEvents {
  /** Time that a running program has taken. */
  timePassed(nanoseconds: number): void;
  /** Nanoseconds until the kernel's next timer. */
  untilTimer(): number;
  timer(): void;
  /** The handler of a counter's interrupt begins; it ends with the call of `handle`. */
  interrupt(handle: () => void): void;
  /** An event's period has gone by. @returns Whether it is to be paused. */
  overflow(event: HardwareEvent): boolean;
}

/** First release of KVM's host whose guests write counters at full width (commit 27461da31089). */
const FULL_WIDTH_RELEASE = [5, 8] as const;
/** What a guest can write of a counter otherwise: 32 bits, sign-extended. Intel SDM volume 3B, 20.2.6. */
const NARROW_PERIOD = 2 ** 31 - 1;
/** Most further events of elided locks that one signal brings about. */
const SPURIOUS_ELISIONS = 3;
/** Branches that Xen's handler retires while the counters run on. */
const XEN_HANDLER = { least: 20, spread: 40 } as const;

/** First release that passes the second byte of the umask on (`x86_pmu_get_event_config`, arch/x86/events/perf_event.h). */
const UMASK2_RELEASE = [6, 11] as const;

/** First release that maps PERF_COUNT_HW_BRANCH_INSTRUCTIONS on cores of aarch64 like these (commit a30b87e6bd7d). */
const ARM_BRANCHES_RELEASE = [6, 4] as const;

/** Whether a core has events whose umask needs a second byte, and a kernel knows of it. */
function hasUmask2({ cpu }: HostProfile, kernel: string): boolean {
  const line = microarchitecture(cpu);
  const codes: readonly bigint[] = line === undefined ? [] : Object.values(CORES[line.core]);
  return (
    cpu.vendor === "GenuineIntel" &&
    isAtLeast(kernel, UMASK2_RELEASE) &&
    codes.some((code) => code >> 32n !== 0n)
  );
}

/** @param kernel Release of the kernel whose driver it is. */
function layoutOf(profile: HostProfile, kernel: string): PmuLayout {
  const { cpu, pmu } = profile;
  const intel = cpu.vendor === "GenuineIntel";
  const arm = isAarch64(cpu);
  return {
    vendor: arm ? "aarch64" : intel ? "GenuineIntel" : "AuthenticAMD",
    general: pmu.counters,
    fixed: cpu.vendor === "AuthenticAMD" ? 0 : pmu.fixedCounters,
    width: pmu.width,
    version: pmu.version,
    taken: pmu.taken,
    maxPeriod: 2 ** (pmu.width - 1) - 1,
    periodLimit: periodLimit(cpu, kernel),
    transactional: intel && (cpu.tsx.hle || cpu.tsx.rtm),
    umask2: hasUmask2(profile, kernel),
    mapsBranches: !arm || isAtLeast(kernel, ARM_BRANCHES_RELEASE),
    precise: intel,
  };
}

/** What a guest's kernel believes in. */
function guestLayout(profile: HostProfile, virtual: { counters: number; fixedCounters: number }): PmuLayout {
  const host = layoutOf(profile, profile.kernel.release);
  const { hypervisor } = profile;
  const narrow =
    host.vendor === "GenuineIntel" &&
    hypervisor.kind === "kvm" &&
    hypervisor.mediated !== true &&
    !isAtLeast(hypervisor.hostKernel, FULL_WIDTH_RELEASE);
  return {
    ...host,
    general: virtual.counters,
    fixed: host.vendor === "AuthenticAMD" ? 0 : virtual.fixedCounters,
    taken: 0,
    maxPeriod: narrow ? NARROW_PERIOD : host.maxPeriod,
    precise: false,
  };
}

/** KVM's side: the driver of the host's kernel, and the virtual PMU on it. */
interface HostLayer {
  readonly driver: PmuDriver;
  readonly virtual: VirtualPmu;
}

/** Something of everything that is not told as a tick. */
const ALL_BUT_TICKS = activityOf({
  branches: 0,
  retired: {
    instructions: 1,
    branches: 2,
    notTaken: 1,
    calls: 1,
    returns: 1,
    indirect: 1,
    far: 1,
    loads: 1,
    stores: 1,
  },
});

export class Processor {
  /** Driver of the kernel that programs use; undefined where that sees no PMU. */
  readonly driver: PmuDriver | undefined;
  readonly #profile: HostProfile;
  readonly #noise: Noise;
  readonly #counts: EventCounts;
  readonly #physical: PhysicalCounters;
  readonly #pending: PendingInterrupts;
  readonly #host: HostLayer | undefined;
  #lockSpeculated = false;

  /** @param below The kernel of the hypervisor's host: its log, and what it refuses. */
  constructor(profile: HostProfile, noise: Noise, below: Pick<VirtualPmuOptions, "log" | "refused">) {
    const { cpu, pmu, hypervisor } = profile;
    this.#profile = profile;
    this.#noise = noise;
    this.#pending = new PendingInterrupts(noise, pmu.skid, COUNTERS_END);
    const lowest = hypervisor.kind === "kvm" ? hypervisor.hostKernel : profile.kernel.release;
    const real = layoutOf(profile, lowest);
    // KVM of aarch64 counts by events of its kernel too, but refuses none that a guest can ask for: arch/arm64/kvm/pmu-emul.c.
    const passedThrough =
      hypervisor.kind !== "none" &&
      (hypervisor.kind !== "kvm" || hypervisor.mediated === true || real.vendor === "aarch64");
    const general = passedThrough
      ? Math.max(0, Math.min(hypervisor.counters, real.general - real.taken))
      : real.general;
    this.#counts = new EventCounts(cpu);
    this.#physical = new PhysicalCounters(this.#counts, { ...real, general });
    if (hypervisor.kind === "none") {
      this.driver = real.general > 0 ? new PmuDriver(real, this.#physical) : undefined;
      return;
    }
    if (!hypervisor.vpmu || hypervisor.counters === 0) return;
    let bank: CounterBank = this.#physical;
    if (hypervisor.kind === "kvm" && !passedThrough) {
      const driver = new PmuDriver(real, this.#physical);
      const { inTxCpFix } = hypervisor;
      const virtual = new VirtualPmu({ host: driver, width: real.width, inTxCpFix, ...below });
      this.#host = { driver, virtual };
      bank = virtual;
    }
    this.driver = new PmuDriver(guestLayout(profile, hypervisor), bank);
  }

  /** A program runs. Interrupts and timers come in between, when they are due. */
  run(activity: Activity, kernel: ProcessorEvents): void {
    for (const stretch of Stretch.of(activity)) {
      while (stretch.left > 0) {
        this.#deliver(this.#pending.take(false), kernel);
        const skid = this.#pending.next;
        const due = [
          stretch.left,
          this.#physical.untilWrap(stretch),
          skid === undefined ? undefined : stretch.until(skid, branchesOf),
          Math.max(1, instructionsIn(kernel.untilTimer())),
        ].filter((instructions) => instructions !== undefined);
        this.#happen(stretch.take(Math.min(...due)), kernel);
        if (kernel.untilTimer() <= 0) kernel.timer();
      }
    }
    this.#deliver(this.#pending.take(false), kernel);
  }

  #happen(part: Activity, kernel: ProcessorEvents): void {
    this.#pending.pass(branchesOf(part));
    for (const counter of this.#physical.happen(part)) this.#pending.raise(counter);
    if (part.locked > 0) this.#lockSpeculated = true;
    kernel.timePassed(duration(part));
  }

  /** The kernel is entered: interrupts that are on their way come first. */
  enterKernel(kernel: ProcessorEvents): void {
    for (let counters = this.#pending.take(true); counters.length > 0; counters = this.#pending.take(true)) {
      this.#deliver(counters, kernel);
    }
    // What was speculated on has retired, or was thrown away.
    this.#lockSpeculated = false;
  }

  #deliver(counters: readonly number[], kernel: ProcessorEvents): void {
    for (const counter of counters) {
      this.#beforeInterrupt();
      for (const seen of this.#host ? this.#inject(counter, this.#host) : [counter]) {
        kernel.interrupt(() =>
          this.driver?.interrupt(seen, (event) => event.sampling && kernel.overflow(event)),
        );
      }
    }
  }

  /** Code that comes is taken for such as this, which was counted. */
  expect(activity: Activity): void {
    this.#physical.outlook = outlook(activity) ?? this.#physical.outlook;
  }

  /** How far an event's count can be believed, where all that retires is counted. */
  certainty(selection: Selection): Certainty {
    return this.#counts.certainty(selection);
  }

  /** Whether an event counts what only a count of all that retires tells. */
  countsRetired(selection: Selection): boolean {
    return this.#counts.count(selection, ALL_BUT_TICKS) > 0;
  }

  /** Whether an event rises with locked instructions. */
  countsLocks(selection: Selection): boolean {
    return this.#counts.count(selection, activityOf({ branches: 0, lockedInstructions: 1 })) > 0;
  }

  /** Events of elided locks that come out of nothing, as the report of the bug saw them. */
  spuriousElisions(): void {
    const count = 1 + this.#noise.upTo(SPURIOUS_ELISIONS);
    const nothing = activityOf({ branches: 0 });
    const activity = { ...nothing, hleStarts: count, hleAborts: count };
    for (const counter of this.#physical.happen(activity)) this.#pending.raise(counter);
  }

  /** Interrupt of the host's counter. @returns The guest's counters that get one for it. */
  #inject(counter: number, { driver, virtual }: HostLayer): number[] {
    const injected: number[] = [];
    driver.interrupt(counter, (event) => {
      const guests = event.sampling ? virtual.counterOf(event) : undefined;
      if (guests !== undefined) injected.push(guests);
      return false;
    });
    return injected;
  }

  /** What an interrupt adds to counters that ought not to be there. */
  #beforeInterrupt(): void {
    const { hypervisor, cpu } = this.#profile;
    let branches = 0;
    if (hypervisor.kind === "xen" && hypervisor.pmiOvercounts) {
      branches += XEN_HANDLER.least + this.#noise.upTo(XEN_HANDLER.spread);
    }
    // A speculative lock that is interrupted is run again, and its branch is counted twice.
    if (cpu.specLockMap && this.#lockSpeculated) branches++;
    this.#lockSpeculated = false;
    if (branches === 0) return;
    for (const counter of this.#physical.happen(activityOf({ branches }))) this.#pending.raise(counter);
  }

  /**
   * Branches of ordinary code until the next interrupt comes, or a timer; undefined if none is in sight.
   *
   * @param timer Nanoseconds until the timer; infinite for none.
   */
  untilInterrupt(timer: number): number | undefined {
    const interrupt = this.#physical.branchesUntilInterrupt((counter) => this.#pending.nextSkid(counter));
    const due = [
      this.#pending.next,
      // Between two branches there is no stop: what comes there is seen at the next one.
      interrupt === undefined ? undefined : Math.max(1, interrupt),
      Math.max(1, branchesIn(timer)),
    ].filter((branches): branches is number => Number.isSafeInteger(branches));
    return due.length === 0 ? undefined : Math.min(...due);
  }
}
