/**
 * A driver's checks of one hardware event, and the config that it gives to a counter. Guest and host run the same
 * code with the layout that each believes in: what the guest's kernel has let pass, the host's may still refuse.
 * Source: Linux 6.18, arch/x86/events/core.c (x86_pmu_hw_config, x86_setup_perfctr), intel/core.c (intel_pmu_hw_config,
 * hsw_hw_config), amd/core.c (amd_core_hw_config); of aarch64 Linux 6.10, drivers/perf/arm_pmu.c (armpmu_event_init,
 * __hw_perf_event_init), arm_pmuv3.c (__armv8_pmuv3_map_event, armv8pmu_set_event_filter).
 */
import { ERRNO, IN_TX, IN_TXCP, PERF_COUNT_HW, PERF_TYPE } from "../../../ffi/mod.ts";
import type { CoreKind } from "../profile.ts";
import type { PmuLayout } from "./layout.ts";
import { leastPeriod } from "./period-limit.ts";
import type { Selection } from "./selection.ts";

/** What is asked of the driver. */
export interface HardwareRequest {
  readonly type: number;
  readonly config: bigint;
  /** PMU of a hybrid processor. @default "core" */
  readonly unit?: CoreKind | undefined;
  /** 0 of events that only count. */
  readonly samplePeriod: bigint;
  /** The period is a frequency. @default false */
  readonly frequency?: boolean;
  readonly preciseIp: number;
  readonly excludeUser: boolean;
  /** Only what guests of this machine do is wanted. */
  readonly excludeHost: boolean;
  /** Stacks of branches are asked for. */
  readonly branchStack: boolean;
  /** Idle time is not wanted. @default false */
  readonly excludeIdle?: boolean;
  /** Whoever asks may count what others do on a processor (`perf_allow_cpu`). */
  readonly mayCountOthers: boolean;
}

/** event, umask, edge, invert, cmask: X86_RAW_EVENT_MASK and AMD64_RAW_EVENT_MASK, arch/x86/include/asm/perf_event.h. */
const RAW_EVENT_MASK = 0xff84_ffffn;
const AMD_RAW_EVENT_MASK = RAW_EVENT_MASK | 0xf_0000_0000n;
/** ARMV8_PMU_EVTYPE_EVENT, include/linux/perf/arm_pmuv3.h. */
const ARM_EVENT_MASK = 0xffffn;
/** CHAIN makes one counter of two, and is none that a program may open. */
const ARM_CHAIN = 0x1en;
/** ARCH_PERFMON_EVENTSEL_UMASK2 and EQ, which a PMU's `config_mask` has besides since Linux 6.11. */
const UMASK2 = 0xff10_0000_0000n;
const ANY_THREAD = 1n << 21n;
/** The first version of Intel's PMU that has the bit (`intel_pmu_hw_config`), and the first whose sysfs does not show it. */
const ANY_THREAD_VERSION = 3;
const NO_ANY_THREAD_VERSION = 5;
/** The period that a guest's kernel sets up where it only counts; shorter ones would be sampling. */
const COUNTING_PERIOD = 0x7fff_ffffn;
/** Precise levels of PEBS: constant skid, no skid asked for, none at all. */
const MAX_PRECISE = 3;

/** Codes of PERF_TYPE_HARDWARE. */
type EventMap = Readonly<Record<number, bigint>>;

const AMD_EVENTS: EventMap = {
  [PERF_COUNT_HW.CPU_CYCLES]: 0x0076n,
  [PERF_COUNT_HW.INSTRUCTIONS]: 0x00c0n,
  [PERF_COUNT_HW.CACHE_REFERENCES]: 0xff60n,
  [PERF_COUNT_HW.CACHE_MISSES]: 0x0964n,
  [PERF_COUNT_HW.BRANCH_INSTRUCTIONS]: 0x00c2n,
  [PERF_COUNT_HW.BRANCH_MISSES]: 0x00c3n,
};
const ZEN2_EVENTS: EventMap = { ...AMD_EVENTS, [PERF_COUNT_HW.STALLED_CYCLES_FRONTEND]: 0x00a9n };
/** amd_perfmon_event_map, amd_zen1_, amd_zen2_ and amd_zen4_perfmon_event_map, arch/x86/events/amd/core.c (6.9). */
const AMD_EVENT_MAPS: Readonly<Record<PmuLayout["amdEvents"], EventMap>> = {
  "before Zen": {
    ...AMD_EVENTS,
    [PERF_COUNT_HW.CACHE_REFERENCES]: 0x077dn,
    [PERF_COUNT_HW.CACHE_MISSES]: 0x077en,
    [PERF_COUNT_HW.STALLED_CYCLES_FRONTEND]: 0x00d0n,
    [PERF_COUNT_HW.STALLED_CYCLES_BACKEND]: 0x00d1n,
  },
  Zen: {
    ...AMD_EVENTS,
    [PERF_COUNT_HW.STALLED_CYCLES_FRONTEND]: 0x0287n,
    [PERF_COUNT_HW.STALLED_CYCLES_BACKEND]: 0x0187n,
  },
  "Zen 2": ZEN2_EVENTS,
  "Zen 4": { ...ZEN2_EVENTS, [PERF_COUNT_HW.REF_CPU_CYCLES]: 0x1_0000_0120n },
};

/** intel_perfmon_event_map; armv8_pmuv3_perf_map. */
const EVENT_MAP: Readonly<Record<Exclude<PmuLayout["vendor"], "AuthenticAMD">, EventMap>> = {
  GenuineIntel: {
    [PERF_COUNT_HW.CPU_CYCLES]: 0x003cn,
    [PERF_COUNT_HW.INSTRUCTIONS]: 0x00c0n,
    [PERF_COUNT_HW.CACHE_REFERENCES]: 0x4f2en,
    [PERF_COUNT_HW.CACHE_MISSES]: 0x412en,
    [PERF_COUNT_HW.BRANCH_INSTRUCTIONS]: 0x00c4n,
    [PERF_COUNT_HW.BRANCH_MISSES]: 0x00c5n,
    [PERF_COUNT_HW.BUS_CYCLES]: 0x013cn,
    [PERF_COUNT_HW.REF_CPU_CYCLES]: 0x0300n,
  },
  // armv8_pmuv3_perf_map; branches are PC_WRITE_RETIRED where that is implemented, which it is on none of these cores.
  aarch64: {
    [PERF_COUNT_HW.CPU_CYCLES]: 0x11n,
    [PERF_COUNT_HW.INSTRUCTIONS]: 0x08n,
    [PERF_COUNT_HW.CACHE_REFERENCES]: 0x04n,
    [PERF_COUNT_HW.CACHE_MISSES]: 0x03n,
    [PERF_COUNT_HW.BRANCH_INSTRUCTIONS]: 0x21n,
    [PERF_COUNT_HW.BRANCH_MISSES]: 0x10n,
    [PERF_COUNT_HW.BUS_CYCLES]: 0x1dn,
    [PERF_COUNT_HW.STALLED_CYCLES_FRONTEND]: 0x23n,
    [PERF_COUNT_HW.STALLED_CYCLES_BACKEND]: 0x24n,
  },
};
const HARDWARE_EVENTS = Object.keys(PERF_COUNT_HW).length;
/** Caches, operations, results of PERF_TYPE_HW_CACHE, and where a cache has an operation (bit = operation). */
const CACHE_OPERATIONS = [0b011, 0b001, 0b011, 0b011, 0b001, 0b001, 0b011] as const;
const OPERATIONS = 3;
const RESULTS = 2;
/** The branch unit's loads are branches; other caches are events that never happen here. */
const BRANCH_UNIT = 5;

function eventMap({ vendor, amdEvents }: PmuLayout): EventMap {
  return vendor === "AuthenticAMD" ? AMD_EVENT_MAPS[amdEvents] : EVENT_MAP[vendor];
}

function hardwareConfig(layout: PmuLayout, { config }: HardwareRequest): bigint | number {
  if (config >= BigInt(HARDWARE_EVENTS)) return -ERRNO.EINVAL;
  if (Number(config) === PERF_COUNT_HW.BRANCH_INSTRUCTIONS && !layout.mapsBranches) return -ERRNO.ENOENT;
  return eventMap(layout)[Number(config)] ?? -ERRNO.ENOENT;
}

function cacheConfig(layout: PmuLayout, { config }: HardwareRequest): bigint | number {
  const byteAt = (shift: bigint) => Number((config >> shift) & 0xffn);
  const [cache, operation, result] = [byteAt(0n), byteAt(8n), byteAt(16n)] as const;
  if (config >> 24n !== 0n || cache >= CACHE_OPERATIONS.length) return -ERRNO.EINVAL;
  if (operation >= OPERATIONS || result >= RESULTS) return -ERRNO.EINVAL;
  if (((CACHE_OPERATIONS[cache]! >> operation) & 1) === 0) return -ERRNO.ENOENT;
  const branches = cache === BRANCH_UNIT && result === 0;
  return eventMap(layout)[branches ? PERF_COUNT_HW.BRANCH_INSTRUCTIONS : PERF_COUNT_HW.CACHE_MISSES]!;
}

/** Bits of a raw config that the kernel passes on to a counter; the others are masked, and nobody is told. */
function rawMask({ vendor, umask2, transactional }: PmuLayout): bigint {
  if (vendor === "AuthenticAMD") return AMD_RAW_EVENT_MASK;
  if (vendor === "aarch64") return ARM_EVENT_MASK;
  return RAW_EVENT_MASK | (umask2 ? UMASK2 : 0n) | (transactional ? IN_TX | IN_TXCP : 0n);
}

/** Bits of a raw config that this PMU's format in sysfs has. */
export function formatMask(layout: PmuLayout): bigint {
  const { vendor, version } = layout;
  const any = vendor === "GenuineIntel" && version >= ANY_THREAD_VERSION && version < NO_ANY_THREAD_VERSION;
  return rawMask(layout) | (any ? ANY_THREAD : 0n);
}

/** The bit of all threads of a core is no user's own business. `intel_pmu_hw_config`, arch/x86/events/intel/core.c. */
function anyThread(layout: PmuLayout, { config, mayCountOthers }: HardwareRequest): bigint | number {
  if (layout.vendor !== "GenuineIntel" || (config & ANY_THREAD) === 0n) return 0n;
  if (layout.version < ANY_THREAD_VERSION) return -ERRNO.EINVAL;
  return mayCountOthers ? ANY_THREAD : -ERRNO.EACCES;
}

function rawConfig(layout: PmuLayout, request: HardwareRequest): bigint | number {
  const any = anyThread(layout, request);
  return typeof any === "number" ? any : (request.config & rawMask(layout)) | any;
}

/** Checks of transactional memory. `hsw_hw_config`, arch/x86/events/intel/core.c. */
function checkTransactional(config: bigint, request: HardwareRequest): number {
  if ((config & (IN_TX | IN_TXCP)) !== 0n && ((config & ANY_THREAD) !== 0n || request.preciseIp > 0)) {
    return -ERRNO.EOPNOTSUPP;
  }
  const sampling = request.samplePeriod > 0n && request.samplePeriod < COUNTING_PERIOD;
  return (config & IN_TXCP) !== 0n && sampling ? -ERRNO.EOPNOTSUPP : 0;
}

/** Whether a period is shorter than the kernel takes. `x86_pmu_hw_config`, arch/x86/events/core.c. */
function isTooShort({ periodLimit }: PmuLayout, config: bigint, request: HardwareRequest): boolean {
  const { samplePeriod, frequency = false } = request;
  if (periodLimit === undefined || frequency) return false;
  const least = leastPeriod(periodLimit, config);
  if (samplePeriod === 0n) return periodLimit.refusesCounting && least > 1;
  return samplePeriod < BigInt(least);
}

/** Checks of aarch64: no level of precision but 0 is asked about, and two refusals are its own. */
function checkArm(config: bigint, { excludeIdle, branchStack }: HardwareRequest): number {
  if (branchStack || excludeIdle === true) return -ERRNO.EOPNOTSUPP;
  return config === ARM_CHAIN ? -ERRNO.EINVAL : 0;
}

/**
 * Checks a hardware event.
 *
 * @returns What a counter is to be told, or −errno.
 */
export function hwConfig(layout: PmuLayout, request: HardwareRequest): Selection | number {
  const arm = layout.vendor === "aarch64";
  if (!arm && request.preciseIp > (layout.precise ? MAX_PRECISE : 0)) return -ERRNO.EOPNOTSUPP;
  if (!arm && request.preciseIp > 0 && request.samplePeriod === 0n) return -ERRNO.EINVAL;
  if (!arm && request.branchStack && !layout.precise) return -ERRNO.EOPNOTSUPP;
  const decode = { [PERF_TYPE.HARDWARE]: hardwareConfig, [PERF_TYPE.HW_CACHE]: cacheConfig }[request.type];
  const config = (decode ?? rawConfig)(layout, request);
  if (typeof config === "number") return config;
  if (isTooShort(layout, config, request)) return -ERRNO.EINVAL;
  const refused = arm
    ? checkArm(config, request)
    : layout.vendor === "GenuineIntel"
      ? checkTransactional(config, request)
      : 0;
  if (refused !== 0) return refused;
  return { config, user: !request.excludeUser && !request.excludeHost, unit: request.unit };
}
