import { identifyProcessor, isAarch64 } from "../../../ffi/mod.ts";
import type { Finding, Host, Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

const SETTING = "/proc/sys/kernel/perf_user_access";
/** Hybrid processors have one PMU for each kind of core. */
const RDPMC = ["cpu", "cpu_core"].map((pmu) => `/sys/bus/event_source/devices/${pmu}/rdpmc`);

function onX86(host: Host): Finding {
  for (const file of RDPMC) {
    const value = host.readFile(file)?.trim();
    if (value !== undefined) return value === "0" ? no(`${file} is 0`) : yes(`${file} is ${value}: rdpmc`);
  }
  return unknown("no PMU has a file rdpmc");
}

/** Reading counters without a system call: rdpmc on x86, PMEVCNTR_EL0 where PMUSERENR_EL0 lets programs on aarch64. */
export const userModeCounters: Probe = {
  name: "user-mode-counters",
  title: "programs can read their counters without a system call",
  kind: "fact",
  measures: `the file rdpmc of the processor's PMU; on aarch64 ${SETTING}`,
  threshold: "1 or more",
  source:
    "Linux 6.18, arch/x86/events/core.c, set_attr_rdpmc; Linux 6.10, Documentation/arch/arm64/perf.rst, and drivers/perf/arm_pmuv3.c, armv8pmu_start (PMUSERENR_EL0)",
  gates: { engines: [], tests: [] },
  remedy:
    "echo 1 > /sys/bus/event_source/devices/cpu/rdpmc; on aarch64 sysctl kernel.perf_user_access=1 (Linux 5.17)",
  needs: { "hardware-events": "yes" },
  run(host) {
    if (!isAarch64(identifyProcessor(host))) return onX86(host);
    const value = host.readFile(SETTING)?.trim();
    if (value === undefined) return no("the kernel is older than the setting (Linux 5.17)");
    return value === "0"
      ? no(`${SETTING} is 0`)
      : yes(`${SETTING} is ${value}, for events with rdpmc=1 (config1 bit 1)`);
  },
};
