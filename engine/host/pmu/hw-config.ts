/**
 * A driver's checks of one hardware event, and the config that it gives to a counter. Guest and host run the same
 * code with the layout that each believes in: what the guest's kernel has let pass, the host's may still refuse.
 * Source: arch/x86/events/core.c (x86_pmu_hw_config, x86_setup_perfctr), intel/core.c (hsw_hw_config), amd/core.c.
 */
import { ERRNO, IN_TX, IN_TXCP, PERF_COUNT_HW, PERF_TYPE } from "../../../ffi/mod.ts";
import type { PmuLayout } from "./layout.ts";
import type { Selection } from "./selection.ts";

/** What is asked of the driver. */
export interface HardwareRequest {
  readonly type: number;
  readonly config: bigint;
  /** 0 of events that only count. */
  readonly samplePeriod: bigint;
  readonly preciseIp: number;
  readonly excludeUser: boolean;
  /** Only what guests of this machine do is wanted. */
  readonly excludeHost: boolean;
  /** Stacks of branches are asked for. */
  readonly branchStack: boolean;
}

/** event, umask, edge, any thread, invert, cmask. Intel SDM volume 3B, IA32_PERFEVTSELx; AMD64_RAW_EVENT_MASK. */
const INTEL_FORMAT = 0xffa4_ffffn;
const INTEL_UPPER_UMASK = 0xff00_0000_0000n;
const AMD_FORMAT = 0xf_ff84_ffffn;
/** USR, OS, pin control, interrupt, enable: the kernel's own, taken from whoever sets them. */
const KERNELS_OWN = 0x5b_0000n;
const ANY_THREAD = 1n << 21n;
/** From this version on the bit is gone. */
const NO_ANY_THREAD_VERSION = 5;
/** The period that a guest's kernel sets up where it only counts; shorter ones would be sampling. */
const COUNTING_PERIOD = 0x7fff_ffffn;
/** Precise levels of PEBS: constant skid, no skid asked for, none at all. */
const MAX_PRECISE = 3;

/** Codes of PERF_TYPE_HARDWARE. intel_perfmon_event_map; amd_perfmon_event_map and amd_zen2_perfmon_event_map. */
const EVENT_MAP: Readonly<Record<PmuLayout["vendor"], Readonly<Record<number, bigint>>>> = {
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
  AuthenticAMD: {
    [PERF_COUNT_HW.CPU_CYCLES]: 0x0076n,
    [PERF_COUNT_HW.INSTRUCTIONS]: 0x00c0n,
    [PERF_COUNT_HW.CACHE_REFERENCES]: 0xff60n,
    [PERF_COUNT_HW.CACHE_MISSES]: 0x0964n,
    [PERF_COUNT_HW.BRANCH_INSTRUCTIONS]: 0x00c2n,
    [PERF_COUNT_HW.BRANCH_MISSES]: 0x00c3n,
    [PERF_COUNT_HW.STALLED_CYCLES_FRONTEND]: 0x0287n,
    [PERF_COUNT_HW.STALLED_CYCLES_BACKEND]: 0x0187n,
  },
};
const HARDWARE_EVENTS = Object.keys(PERF_COUNT_HW).length;
/** Caches, operations, results of PERF_TYPE_HW_CACHE, and where a cache has an operation (bit = operation). */
const CACHE_OPERATIONS = [0b011, 0b001, 0b011, 0b011, 0b001, 0b001, 0b011] as const;
const OPERATIONS = 3;
const RESULTS = 2;
/** The branch unit's loads are branches; other caches are events that never happen here. */
const BRANCH_UNIT = 5;

function hardwareConfig(layout: PmuLayout, config: bigint): bigint | number {
  if (config >= BigInt(HARDWARE_EVENTS)) return -ERRNO.EINVAL;
  return EVENT_MAP[layout.vendor][Number(config)] ?? -ERRNO.ENOENT;
}

function cacheConfig(layout: PmuLayout, config: bigint): bigint | number {
  const [cache, operation, result] = [0n, 8n, 16n].map((shift) => Number((config >> shift) & 0xffn));
  if (config >> 24n !== 0n || cache >= CACHE_OPERATIONS.length) return -ERRNO.EINVAL;
  if (operation >= OPERATIONS || result >= RESULTS) return -ERRNO.EINVAL;
  if (((CACHE_OPERATIONS[cache] >> operation) & 1) === 0) return -ERRNO.ENOENT;
  const branches = cache === BRANCH_UNIT && result === 0;
  return EVENT_MAP[layout.vendor][branches ? PERF_COUNT_HW.BRANCH_INSTRUCTIONS : PERF_COUNT_HW.CACHE_MISSES];
}

/** Bits of a raw config that this PMU's format has. */
export function formatMask({ vendor, version, transactional }: PmuLayout): bigint {
  if (vendor === "AuthenticAMD") return AMD_FORMAT;
  let mask = INTEL_FORMAT;
  if (version >= NO_ANY_THREAD_VERSION) mask = (mask | INTEL_UPPER_UMASK) & ~ANY_THREAD;
  return transactional ? mask | IN_TX | IN_TXCP : mask;
}

function rawConfig(layout: PmuLayout, config: bigint): bigint | number {
  const mask = formatMask(layout);
  const unknown = config & ~mask & ~KERNELS_OWN;
  return unknown === 0n ? config & mask : -ERRNO.EINVAL;
}

/** Checks of transactional memory. `hsw_hw_config`, arch/x86/events/intel/core.c. */
function checkTransactional(config: bigint, request: HardwareRequest): number {
  if ((config & (IN_TX | IN_TXCP)) !== 0n && ((config & ANY_THREAD) !== 0n || request.preciseIp > 0)) {
    return -ERRNO.EOPNOTSUPP;
  }
  const sampling = request.samplePeriod > 0n && request.samplePeriod < COUNTING_PERIOD;
  return (config & IN_TXCP) !== 0n && sampling ? -ERRNO.EOPNOTSUPP : 0;
}

/**
 * Checks a hardware event.
 *
 * @returns What a counter is to be told, or −errno.
 */
export function hwConfig(layout: PmuLayout, request: HardwareRequest): Selection | number {
  if (request.preciseIp > (layout.precise ? MAX_PRECISE : 0)) return -ERRNO.EOPNOTSUPP;
  if (request.preciseIp > 0 && request.samplePeriod === 0n) return -ERRNO.EINVAL;
  if (request.branchStack && !layout.precise) return -ERRNO.EOPNOTSUPP;
  const decode = { [PERF_TYPE.HARDWARE]: hardwareConfig, [PERF_TYPE.HW_CACHE]: cacheConfig }[request.type];
  const config = (decode ?? rawConfig)(layout, request.config);
  if (typeof config === "number") return config;
  if (layout.vendor === "GenuineIntel") {
    const refused = checkTransactional(config, request);
    if (refused !== 0) return refused;
  }
  return { config, user: !request.excludeUser && !request.excludeHost };
}
