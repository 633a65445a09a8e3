/**
 * A described host: what a model needs to know of a machine to answer as it would. The records of
 * `manifests/hosts/*.yaml`, checked.
 *
 * A profile says what there *is* (processor, counters, hypervisor and its bugs, limits), never what a call answers:
 * the answers follow from the model's mechanisms.
 */

/** Transactional memory of a processor, and what microcode has left of it. */
export interface TsxProfile {
  /** HLE: the prefixes elide; else they are ignored. */
  readonly hle: boolean;
  readonly rtm: boolean;
  /** Microcode makes every transaction abort (TSX_FORCE_ABORT, RTM_ALWAYS_ABORT). */
  readonly alwaysAborts: boolean;
  /** A signal of SIGSTKFLT makes events of elided locks (HLE_RETIRED) rise, though there was none. */
  readonly spuriousAfterSigstkflt?: boolean | undefined;
}

/** Kinds of core of a hybrid processor. */
export type CoreKind = "core" | "atom" | "lowpower";

/** Where the kinds of core of a hybrid processor are, each with a PMU of its own. */
export interface HybridProfile {
  /** Processors of each kind, as the kernel lists them: "0-7". */
  readonly core: string;
  readonly atom: string;
  readonly lowpower?: string | undefined;
  /** Programs stay on performance cores; else the scheduler moves them about. */
  readonly pinned: boolean;
}

/** Who has made a processor, or on aarch64 designed its cores; "implementer 0x00" is what some virtual machines show. */
export type CpuVendor = "GenuineIntel" | "AuthenticAMD" | "ARM" | "Ampere" | "Apple" | "implementer 0x00";

export interface CpuProfile {
  readonly vendor: CpuVendor;
  /** As `/proc/cpuinfo` shows it: "model name". */
  readonly name: string;
  /** Display family and model, as `/proc/cpuinfo` shows them; of aarch64 8 (the architecture), and the part number. */
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly cores: number;
  readonly tsx: TsxProfile;
  /** It has cores of several kinds. */
  readonly hybrid?: HybridProfile | undefined;
  /** AMD Zen: SpecLockMap is on, so that an interrupted speculative lock may be counted and rolled back. */
  readonly specLockMap: boolean;
  /** aarch64: atomics are instructions of their own (LSE); else they are loops of exclusives (LL/SC). */
  readonly lse?: boolean | undefined;
}

/** A performance monitoring unit: what the *host* has. A guest sees as much of it as its hypervisor passes on. */
export interface PmuProfile {
  /** General-purpose counters for each hardware thread. */
  readonly counters: number;
  /** Fixed-function counters (instructions, cycles, reference cycles). */
  readonly fixedCounters: number;
  /** Width of a counter in bits. */
  readonly width: number;
  /** Architectural version (Intel, cpuid leaf 10); 0 for AMD without PerfMonV2. */
  readonly version: number;
  /** Most branches that pass between an overflow and its interrupt. */
  readonly skid: number;
  /** General-purpose counters taken already, by the NMI watchdog or by others on the host. */
  readonly taken: number;
  readonly freezeOnSmi: boolean | undefined;
}

/** KVM of the machine below the one that a guest runs on. */
export interface KvmBelow {
  readonly hostKernel: string;
  readonly inTxCpFix: boolean;
  /** Counters that it lets its guest believe in. */
  readonly counters: number;
  readonly fixedCounters: number;
}

export type Hypervisor =
  | { readonly kind: "none" }
  | {
      readonly kind: "kvm";
      /** Kernel release of the host below the guest. */
      readonly hostKernel: string;
      /** The guest sees a virtual PMU at all. */
      readonly vpmu: boolean;
      /** Counters that the guest believes in; the host may have fewer. */
      readonly counters: number;
      readonly fixedCounters: number;
      /** The fix that passes sample period 0 for checkpointed events is in the host's kernel. */
      readonly inTxCpFix: boolean;
      /** Only the architectural events are let through (KVM_SET_PMU_EVENT_FILTER): others stand still in silence. */
      readonly architecturalOnly?: boolean | undefined;
      /** The machine below is itself a guest of another one's KVM (nested virtualisation). */
      readonly below?: KvmBelow | undefined;
      /** The guest has the counters for itself while it runs (mediated vPMU): no events of the host's kernel count for it. */
      readonly mediated?: boolean | undefined;
    }
  | {
      readonly kind: "xen";
      readonly version: string;
      readonly vpmu: boolean;
      readonly counters: number;
      readonly fixedCounters: number;
      /** The interrupt of an overflow lets the counter run on: too many events are counted. */
      readonly pmiOvercounts: boolean;
    }
  | {
      readonly kind: "vmware" | "hyper-v";
      readonly version: string;
      readonly vpmu: boolean;
      readonly counters: number;
      readonly fixedCounters: number;
    };

/** The kernel that programs on the host (or in the guest) see. */
export interface KernelProfile {
  readonly release: string;
  /** `kernel.perf_event_paranoid`. */
  readonly perfEventParanoid: number;
  readonly perfEventMaxSampleRate: number;
  readonly perfCpuTimeMaxPercent: number;
  /** Who asks is root (CAP_SYS_ADMIN), or has CAP_PERFMON alone. */
  readonly privileged: boolean | "CAP_PERFMON";
  /** The level of a distribution's patch from which on perf_event_open is for CAP_SYS_ADMIN alone; mainline has none. */
  readonly perfEventRestrictsFrom: number;
  /** What every perf_event_open answers: a kernel without it, or a container's seccomp profile. */
  readonly perfEventOpen?: "ENOSYS" | "ENODEV" | "EPERM" | undefined;
  /** `kernel.yama.ptrace_scope`, where there is Yama. */
  readonly ptraceScope: number | undefined;
  /** ioctl(PERIOD) takes effect at the next overflow only (kernels before 3.14). */
  readonly periodTakesEffectLate: boolean;
  /** aarch64: `kernel.perf_user_access`, which lets programs read counters as `rdpmc` does on x86. */
  readonly perfUserAccess?: boolean | undefined;
}

/** A described host, checked: processor, counters, hypervisor, machine and kernel. */
export interface HostProfile {
  /** "haswell-kvm-4.7": the name that `--host` takes. */
  readonly name: string;
  readonly description: string;
  /** Where the facts come from. */
  readonly sources: readonly string[];
  readonly cpu: CpuProfile;
  readonly pmu: PmuProfile;
  readonly hypervisor: Hypervisor;
  /** What DMI says of the machine, where that is not the hypervisor's usual. */
  readonly machine?: { readonly vendor: string; readonly product: string } | undefined;
  readonly kernel: KernelProfile;
}
