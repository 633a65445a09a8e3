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
import type { CpuProfile, HostProfile, KvmBelow } from "./profile.ts";
import { isAtLeast } from "./release.ts";
import { logsRefusals, VirtualPmu, type VirtualPmuOptions } from "./vpmu.ts";

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

/** First releases with maps of generic events: of all Zens (commit 3fe3331bb285), of Zen 2 and Zen 4 (68cdf1e6e8f2). */
const ZEN_EVENTS_RELEASE = [5, 1] as const;
const NEWER_ZEN_EVENTS_RELEASE = [6, 9] as const;
/** First release that knows PerfMonV2 of AMD (arch/x86/events/amd/core.c, amd_core_pmu_init). */
const PERFMON_V2_RELEASE = [5, 19] as const;
const ZEN_FAMILY = 0x17;
const ZEN_3_FAMILY = 0x19;
const ZEN_5_FAMILY = 0x1a;

/** Which generic events of AMD a kernel knows on a processor. `amd_pmu_event_map`, arch/x86/events/amd/core.c (6.9). */
function amdEvents(cpu: CpuProfile, kernel: string): PmuLayout["amdEvents"] {
  if (cpu.family < ZEN_FAMILY || !isAtLeast(kernel, ZEN_EVENTS_RELEASE)) return "before Zen";
  if (!isAtLeast(kernel, NEWER_ZEN_EVENTS_RELEASE)) return "Zen";
  const core = microarchitecture(cpu)?.core;
  if (cpu.family >= ZEN_5_FAMILY || core === "Zen 4") return "Zen 4";
  return cpu.family >= ZEN_3_FAMILY || core === "Zen 2" ? "Zen 2" : "Zen";
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
    version: cpu.vendor === "AuthenticAMD" && !isAtLeast(kernel, PERFMON_V2_RELEASE) ? 0 : pmu.version,
    taken: pmu.taken,
    maxPeriod: 2 ** (pmu.width - 1) - 1,
    periodLimit: periodLimit(cpu, kernel),
    transactional: intel && (cpu.tsx.hle || cpu.tsx.rtm),
    umask2: hasUmask2(profile, kernel),
    amdEvents: amdEvents(cpu, kernel),
    mapsBranches: !arm || isAtLeast(kernel, ARM_BRANCHES_RELEASE),
    precise: intel,
  };
}

/** A KVM on the way to the hardware. */
type Level = KvmBelow & { readonly architecturalOnly?: boolean | undefined };

/** What a guest is told of its counters, and the kernel of the KVM that tells it. */
interface Virtual {
  readonly counters: number;
  readonly fixedCounters: number;
  readonly hostKernel?: string;
  readonly mediated?: boolean | undefined;
}

/** What a guest's kernel believes in. @param kernel Its release. */
function guestLayout(profile: HostProfile, kernel: string, virtual: Virtual): PmuLayout {
  const host = layoutOf(profile, kernel);
  const { hostKernel, mediated } = virtual;
  const narrow =
    host.vendor === "GenuineIntel" &&
    hostKernel !== undefined &&
    mediated !== true &&
    !isAtLeast(hostKernel, FULL_WIDTH_RELEASE);
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

/** Events that Intel has defined for all processors: event and umask. Intel SDM volume 3B, 20.2.1.2; 0x0300 is the fixed counter's. */
const ARCHITECTURAL: ReadonlySet<bigint> = new Set([
  0x003cn,
  0x00c0n,
  0x013cn,
  0x4f2en,
  0x412en,
  0x00c4n,
  0x00c5n,
  0x0300n,
]);
const EVENT_AND_UMASK = 0xffffn;

function isArchitectural(config: bigint): boolean {
  return ARCHITECTURAL.has(config & EVENT_AND_UMASK);
}

/** Puts a driver and a virtual PMU for each KVM on top of one another: what a guest's kernel has is what the next one counts by. */
function stack(
  profile: HostProfile,
  levels: readonly Level[],
  {
    layout,
    bank,
    ...below
  }: { layout: PmuLayout; bank: CounterBank } & Pick<VirtualPmuOptions, "log" | "refused">,
): HostLayer[] {
  const layers: HostLayer[] = [];
  for (const [index, level] of levels.entries()) {
    const lower = levels[index - 1];
    const seen = lower === undefined ? layout : guestLayout(profile, level.hostKernel, lower);
    const driver = new PmuDriver(seen, layers.at(-1)?.virtual ?? bank);
    const virtual = new VirtualPmu({
      host: driver,
      width: layout.width,
      inTxCpFix: level.inTxCpFix,
      logsRefusals: logsRefusals(level.hostKernel),
      ...(level.architecturalOnly === true && { allows: isArchitectural }),
      ...below,
    });
    layers.push({ driver, virtual });
  }
  return layers;
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
  /** One for each KVM, the lowest first. */
  readonly #hosts: readonly HostLayer[] = [];
  #lockSpeculated = false;

  /** @param below The kernel of the hypervisor's host: its log, and what it refuses. */
  constructor(profile: HostProfile, noise: Noise, below: Pick<VirtualPmuOptions, "log" | "refused">) {
    const { cpu, pmu, hypervisor } = profile;
    this.#profile = profile;
    this.#noise = noise;
    this.#pending = new PendingInterrupts(noise, pmu.skid, COUNTERS_END);
    const levels: readonly Level[] =
      hypervisor.kind === "kvm" ? [...(hypervisor.below ? [hypervisor.below] : []), hypervisor] : [];
    const lowest = levels[0]?.hostKernel ?? profile.kernel.release;
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
    if (!passedThrough) {
      this.#hosts = stack(profile, levels, { layout: real, bank, ...below });
      bank = this.#hosts.at(-1)?.virtual ?? bank;
    }
    this.driver = new PmuDriver(guestLayout(profile, profile.kernel.release, hypervisor), bank);
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
      const guests = this.#hosts.reduce(
        (counters, host) => counters.flatMap((each) => this.#inject(each, host)),
        [counter],
      );
      for (const seen of guests) {
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
