/**
 * What `kernel.perf_event_paranoid` lets those do who have no CAP_PERFMON.
 * Source: Documentation/admin-guide/sysctl/kernel.rst; Linux 6.18, kernel/events/core.c (perf_allow_kernel),
 * include/linux/perf_event.h (perf_allow_cpu). Levels 3 and 4 are those of Debian's and Ubuntu's patch (perf_paranoid_any,
 * SECURITY_PERF_EVENTS_RESTRICT), which asks for CAP_SYS_ADMIN: CAP_PERFMON does not help there.
 */

import { PERF_SAMPLE } from "../../../ffi/mod.ts";
import type { KernelProfile } from "../profile.ts";
import type { Attr } from "./attr.ts";

/** From these levels on: kernel mode, whole processors. */
const LEVEL = { kernel: 2, cpu: 1 } as const;

/** Whether perf_event_open may be called at all. */
export function allowsAnything(kernel: KernelProfile): boolean {
  return kernel.privileged === true || kernel.perfEventParanoid < kernel.perfEventRestrictsFrom;
}

/** Whether what an attr asks of kernel mode and of the whole system may be had. */
export function allowsAttr({ privileged, perfEventParanoid }: KernelProfile, attr: Attr): boolean {
  if (privileged !== false) return true;
  if (attr.has("namespaces")) return false;
  const physical = (attr.sampleType & BigInt(PERF_SAMPLE.PHYS_ADDR)) !== 0n;
  return (attr.has("exclude_kernel") && !physical) || perfEventParanoid < LEVEL.kernel;
}

/** Whether a whole processor may be watched. */
export function allowsCpu({ privileged, perfEventParanoid }: KernelProfile): boolean {
  return privileged !== false || perfEventParanoid < LEVEL.cpu;
}
