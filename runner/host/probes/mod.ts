/** All probes, in the order in which they are run and shown: what others need comes first. */
import type { Probe } from "../types.ts";
import { bun } from "./bun.ts";
import { compiler } from "./compiler.ts";
import { contextSwitchEvents } from "./context-switch-events.ts";
import { cpuKnown } from "./cpu-known.ts";
import { cpuKnownToRr } from "./cpu-known-to-rr.ts";
import { diskSpace } from "./disk-space.ts";
import { exclusivesCounted } from "./exclusives-counted.ts";
import { hardwareEvents } from "./hardware-events.ts";
import { hardwareTicks } from "./hardware-ticks.ts";
import { hle } from "./hle.ts";
import { hleIgnored } from "./hle-ignored.ts";
import { hostKernelVisible } from "./host-kernel-visible.ts";
import { inTx } from "./in-tx.ts";
import { inTxCp } from "./in-txcp.ts";
import { inTxCpRefused } from "./in-txcp-refused.ts";
import { iocPeriodLate } from "./ioc-period-late.ts";
import { kcmp } from "./kcmp.ts";
import { kernelRecent } from "./kernel-recent.ts";
import { kvm } from "./kvm.ts";
import { kvmInTxCpBug } from "./kvm-in-txcp-bug.ts";
import { lowMemory } from "./low-memory.ts";
import { lseAtomics } from "./lse-atomics.ts";
import { memfd } from "./memfd.ts";
import { multiplexing } from "./multiplexing.ts";
import { perfAllowed } from "./perf-allowed.ts";
import { personality } from "./personality.ts";
import { pmu } from "./pmu.ts";
import { procMem } from "./proc-mem.ts";
import { processVm } from "./process-vm.ts";
import { ptrace } from "./ptrace.ts";
import { ptraceSysemu } from "./ptrace-sysemu.ts";
import { rr } from "./rr.ts";
import { rrAcceptsProcessor } from "./rr-accepts-processor.ts";
import { rrCoreKind } from "./rr-core-kind.ts";
import { rrPeriod } from "./rr-period.ts";
import { rrSoftwareCounters } from "./rr-software-counters.ts";
import { rrStarts } from "./rr-starts.ts";
import { rrSwitchRecords } from "./rr-switch-records.ts";
import { rtm } from "./rtm.ts";
import { seccomp } from "./seccomp.ts";
import { sharedMemory } from "./shared-memory.ts";
import { singleCounter } from "./single-counter.ts";
import { smiCounted } from "./smi-counted.ts";
import { softwareEvents } from "./software-events.ts";
import { specLockMap } from "./spec-lock-map.ts";
import { throttled } from "./throttled.ts";
import { tsxAlwaysAborts } from "./tsx-always-aborts.ts";
import { tsxDisabled } from "./tsx-disabled.ts";
import { unfiltered } from "./unfiltered.ts";
import { userModeCounters } from "./user-mode-counters.ts";
import { virtualMachine } from "./virtual-machine.ts";
import { vmware } from "./vmware.ts";
import { x8664 } from "./x86-64.ts";
import { xen } from "./xen.ts";
import { xenPmiOvercount } from "./xen-pmi-overcount.ts";
import { yamaRestricted } from "./yama-restricted.ts";

/** Probes under the heading that they are shown with. */
export const PROBE_GROUPS: Readonly<Record<string, readonly Probe[]>> = {
  processor: [x8664, cpuKnown, cpuKnownToRr, lseAtomics, hle, rtm, tsxAlwaysAborts, hleIgnored, tsxDisabled],
  "virtual machine": [virtualMachine, kvm, xen, vmware, hostKernelVisible],
  counters: [
    throttled,
    perfAllowed,
    softwareEvents,
    contextSwitchEvents,
    rrSwitchRecords,
    hardwareEvents,
    pmu,
    singleCounter,
    multiplexing,
    inTx,
    inTxCp,
    inTxCpRefused,
    kvmInTxCpBug,
    xenPmiOvercount,
    exclusivesCounted,
    userModeCounters,
    iocPeriodLate,
    rrPeriod,
    specLockMap,
    smiCounted,
    rrAcceptsProcessor,
    rrCoreKind,
    hardwareTicks,
  ],
  kernel: [
    kernelRecent,
    ptrace,
    yamaRestricted,
    ptraceSysemu,
    personality,
    seccomp,
    unfiltered,
    procMem,
    processVm,
    memfd,
    sharedMemory,
    kcmp,
    lowMemory,
  ],
  tools: [bun, compiler, diskSpace, rr, rrStarts, rrSoftwareCounters],
};

/** All probes, in their order. */
export const PROBES: readonly Probe[] = Object.values(PROBE_GROUPS).flat();
