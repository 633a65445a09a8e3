/**
 * What `kernel.perf_event_paranoid` lets those do who have no CAP_PERFMON.
 * Source: Documentation/admin-guide/sysctl/kernel.rst; include/linux/perf_event.h (perf_allow_kernel, perf_allow_cpu);
 * level 4 is Ubuntu's and Debian's (security/Kconfig, SECURITY_PERF_EVENTS_RESTRICT).
 */

import { PERF_SAMPLE } from "../../../ffi/mod.ts";
import type { KernelProfile } from "../profile.ts";
import type { Attr } from "./attr.ts";

/** From these levels on: nothing at all, kernel mode, whole processors, tracepoints. */
const LEVEL = { nothing: 4, kernel: 2, cpu: 1 } as const;

/** Whether perf_event_open may be called at all. */
export function allowsAnything({ privileged, perfEventParanoid }: KernelProfile): boolean {
  return privileged || perfEventParanoid < LEVEL.nothing;
}

/** Whether what an attr asks of kernel mode and of the whole system may be had. */
export function allowsAttr({ privileged, perfEventParanoid }: KernelProfile, attr: Attr): boolean {
  if (privileged) return true;
  if (attr.has("namespaces")) return false;
  const physical = (attr.sampleType & BigInt(PERF_SAMPLE.PHYS_ADDR)) !== 0n;
  return (attr.has("exclude_kernel") && !physical) || perfEventParanoid < LEVEL.kernel;
}

/** Whether a whole processor may be watched. */
export function allowsCpu({ privileged, perfEventParanoid }: KernelProfile): boolean {
  return privileged || perfEventParanoid < LEVEL.cpu;
}
