import { PERF_COUNT_HW, PERF_TYPE } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { openCounter } from "./_measure.ts";

/** See engine/host/pmu/period-limit.ts. */
const COUNTING_REFUSED =
  "use another kernel: 6.14 to 6.14.4 refuse events that only count on Nehalem, Haswell and Broadwell";

/** Whether there is a PMU at all; whether it counts right is another question. */
export const hardwareEvents: Probe = {
  name: "hardware-events",
  title: "the kernel has hardware events",
  kind: "good",
  measures: "opening PERF_COUNT_HW_CPU_CYCLES of this task in user mode",
  threshold: "opens",
  source:
    "Linux 6.18, kernel/events/core.c, perf_init_event; perf_event_open(2): ENOENT says that there is no such event, as on virtual machines without a PMU",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy:
    "run on hardware, or on a virtual machine with a PMU (KVM: -cpu host,pmu=on; VMware: virtualise CPU performance counters; EC2: a whole-socket or metal instance)",
  needs: { "perf-allowed": "yes" },
  run(host) {
    const opened = openCounter(host, {
      type: PERF_TYPE.HARDWARE,
      config: PERF_COUNT_HW.CPU_CYCLES,
      flags: ["disabled", "exclude_kernel"],
    });
    if (opened === "ENOENT") return no("no PMU: perf_event_open of cycles: ENOENT");
    if (opened === "EINVAL") return { ...no("perf_event_open of cycles: EINVAL"), remedy: COUNTING_REFUSED };
    if (typeof opened === "string") return no(`perf_event_open of cycles: ${opened}`);
    opened[Symbol.dispose]();
    return yes("perf_event_open of cycles succeeds");
  },
};
