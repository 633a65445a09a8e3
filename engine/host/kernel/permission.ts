/**
 * What `kernel.perf_event_paranoid` lets those do who have no CAP_PERFMON.
 * Source: Documentation/admin-guide/sysctl/kernel.rst; Linux 6.18, kernel/events/core.c (perf_allow_kernel),
 * include/linux/perf_event.h (perf_allow_cpu); the order of its questions is that of perf_event_open in core.c. Levels 3 and 4 are those of Debian's and Ubuntu's patch (perf_paranoid_any,
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

/** Whether kernel mode may be watched. */
export function allowsKernel({ privileged, perfEventParanoid }: KernelProfile): boolean {
  return privileged !== false || perfEventParanoid < LEVEL.kernel;
}

/** Whether an attr asks for no more of kernel mode and of the whole system than may be had, but for addresses. */
export function allowsAttr(kernel: KernelProfile, attr: Attr): boolean {
  if (attr.has("namespaces") && kernel.privileged === false) return false;
  return attr.has("exclude_kernel") || allowsKernel(kernel);
}

/** Whether an attr asks for no physical addresses, or they may be had. The kernel asks after it has looked at the period. */
export function allowsAddresses(kernel: KernelProfile, attr: Attr): boolean {
  return (attr.sampleType & BigInt(PERF_SAMPLE.PHYS_ADDR)) === 0n || allowsKernel(kernel);
}

/** Whether a whole processor may be watched. */
export function allowsCpu({ privileged, perfEventParanoid }: KernelProfile): boolean {
  return privileged !== false || perfEventParanoid < LEVEL.cpu;
}
