/** Events that the kernel counts itself, without a PMU. Source: kernel/events/core.c (perf_swevent_init). */
import { ERRNO, PERF_COUNT_SW, PERF_SAMPLE } from "../../../ffi/mod.ts";
import type { Attr } from "./attr.ts";

/** What a software event counts; `never` is what the model can't know or what never happens. */
export type SoftwareKind = "clock" | "context-switches" | "never";

/** @returns What it counts, or −errno. */
export function softwareKind(attr: Attr): SoftwareKind | number {
  if ((attr.sampleType & BigInt(PERF_SAMPLE.BRANCH_STACK)) !== 0n) return -ERRNO.EOPNOTSUPP;
  const known: readonly number[] = Object.values(PERF_COUNT_SW);
  const config = Number(attr.config);
  if (!known.includes(config)) return -ERRNO.ENOENT;
  if (config === PERF_COUNT_SW.CPU_CLOCK || config === PERF_COUNT_SW.TASK_CLOCK) return "clock";
  return config === PERF_COUNT_SW.CONTEXT_SWITCHES ? "context-switches" : "never";
}
