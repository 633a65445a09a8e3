/** Events that the kernel itself names, on every processor. Source: linux/perf_event.h; names as perf-list(1) has them. */

import type { PerfAttr } from "../attr.ts";
import { PERF_COUNT_HW, PERF_COUNT_SW, PERF_TYPE } from "../constants.ts";

/** Type and config of an event. */
export interface Code {
  readonly type: number;
  readonly config: bigint;
}

/** Config of PERF_TYPE_HW_CACHE: cache | operation << 8 | result << 16. */
const CACHES = { "L1-dcache": 0, "L1-icache": 1, LLC: 2, dTLB: 3, iTLB: 4, branch: 5, node: 6 } as const;
const OPERATIONS = { load: 0, store: 1, prefetch: 2 } as const;
/** What is not done with a cache: nobody stores to code (as tools/perf/util/evsel.c has it). */
const NEVER: ReadonlySet<string> = new Set([
  "L1-icache store",
  "iTLB store",
  "iTLB prefetch",
  "branch store",
  "branch prefetch",
]);

const HARDWARE: Readonly<Record<string, number>> = {
  "cpu-cycles": PERF_COUNT_HW.CPU_CYCLES,
  cycles: PERF_COUNT_HW.CPU_CYCLES,
  instructions: PERF_COUNT_HW.INSTRUCTIONS,
  "cache-references": PERF_COUNT_HW.CACHE_REFERENCES,
  "cache-misses": PERF_COUNT_HW.CACHE_MISSES,
  "branch-instructions": PERF_COUNT_HW.BRANCH_INSTRUCTIONS,
  branches: PERF_COUNT_HW.BRANCH_INSTRUCTIONS,
  "branch-misses": PERF_COUNT_HW.BRANCH_MISSES,
  "bus-cycles": PERF_COUNT_HW.BUS_CYCLES,
  "stalled-cycles-frontend": PERF_COUNT_HW.STALLED_CYCLES_FRONTEND,
  "idle-cycles-frontend": PERF_COUNT_HW.STALLED_CYCLES_FRONTEND,
  "stalled-cycles-backend": PERF_COUNT_HW.STALLED_CYCLES_BACKEND,
  "idle-cycles-backend": PERF_COUNT_HW.STALLED_CYCLES_BACKEND,
  "ref-cycles": PERF_COUNT_HW.REF_CPU_CYCLES,
};

const SOFTWARE: Readonly<Record<string, number>> = {
  "cpu-clock": PERF_COUNT_SW.CPU_CLOCK,
  "task-clock": PERF_COUNT_SW.TASK_CLOCK,
  "page-faults": PERF_COUNT_SW.PAGE_FAULTS,
  faults: PERF_COUNT_SW.PAGE_FAULTS,
  "context-switches": PERF_COUNT_SW.CONTEXT_SWITCHES,
  cs: PERF_COUNT_SW.CONTEXT_SWITCHES,
  "cpu-migrations": PERF_COUNT_SW.CPU_MIGRATIONS,
  migrations: PERF_COUNT_SW.CPU_MIGRATIONS,
  "minor-faults": PERF_COUNT_SW.PAGE_FAULTS_MIN,
  "major-faults": PERF_COUNT_SW.PAGE_FAULTS_MAJ,
  "alignment-faults": PERF_COUNT_SW.ALIGNMENT_FAULTS,
  "emulation-faults": PERF_COUNT_SW.EMULATION_FAULTS,
  dummy: PERF_COUNT_SW.DUMMY,
  "bpf-output": PERF_COUNT_SW.BPF_OUTPUT,
  "cgroup-switches": PERF_COUNT_SW.CGROUP_SWITCHES,
};

function* generic(): Generator<[string, Code]> {
  for (const [name, config] of Object.entries(HARDWARE)) {
    yield [name, { type: PERF_TYPE.HARDWARE, config: BigInt(config) }];
  }
  for (const [name, config] of Object.entries(SOFTWARE)) {
    yield [name, { type: PERF_TYPE.SOFTWARE, config: BigInt(config) }];
  }
  for (const [cache, id] of Object.entries(CACHES)) {
    for (const [operation, op] of Object.entries(OPERATIONS)) {
      if (NEVER.has(`${cache} ${operation}`)) continue;
      const config = BigInt(id | (op << 8));
      yield [
        `${cache}-${operation}${operation === "prefetch" ? "e" : ""}s`,
        { type: PERF_TYPE.HW_CACHE, config },
      ];
      yield [`${cache}-${operation}-misses`, { type: PERF_TYPE.HW_CACHE, config: config | 0x1_0000n }];
    }
  }
}

/** Name → code of every event that the kernel names. */
export const GENERIC_EVENTS: ReadonlyMap<string, Code> = new Map(generic());

const KERNEL_ONLY: ReadonlySet<bigint> = new Set(
  [PERF_COUNT_SW.CONTEXT_SWITCHES, PERF_COUNT_SW.CPU_MIGRATIONS, PERF_COUNT_SW.CGROUP_SWITCHES].map(BigInt),
);

/**
 * Whether an event happens in the kernel only, so that it reads 0 for ever when the kernel is excluded: the scheduler
 * counts it with registers of its own (include/linux/perf_event.h, perf_event_task_sched_out, perf_event_task_sched_in).
 */
export function happensInKernel({ type, config }: Pick<PerfAttr, "type" | "config">): boolean {
  return type === PERF_TYPE.SOFTWARE && KERNEL_ONLY.has(BigInt(config));
}

/**
 * Codes of generic events on Intel, for modifiers that only a raw event takes.
 * Source: Intel SDM volume 3B, "Pre-defined Architectural Performance Events".
 */
export const INTEL_ARCHITECTURAL: ReadonlyMap<bigint, bigint> = new Map([
  [BigInt(PERF_COUNT_HW.CPU_CYCLES), 0x003cn],
  [BigInt(PERF_COUNT_HW.INSTRUCTIONS), 0x00c0n],
  [BigInt(PERF_COUNT_HW.BRANCH_INSTRUCTIONS), 0x00c4n],
  [BigInt(PERF_COUNT_HW.BRANCH_MISSES), 0x00c5n],
]);
