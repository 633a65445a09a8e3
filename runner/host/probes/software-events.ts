import { PERF_COUNT_SW, PERF_TYPE } from "../../../ffi/mod.ts";
import { group } from "../../text/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { BRANCHES, branches, control, measure, openCounter } from "./_measure.ts";

/** Whether the kernel counts anything at all: software events need no PMU. */
export const softwareEvents: Probe = {
  name: "software-events",
  title: "software events of perf count",
  kind: "good",
  measures: `task-clock over ${BRANCHES} branches`,
  threshold: "more than 0 ns",
  source:
    "Linux 6.18, kernel/events/core.c, task_clock_event_init; perf_event_open(2), PERF_COUNT_SW_TASK_CLOCK",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy:
    "use a kernel with CONFIG_PERF_EVENTS; in a container allow perf_event_open (--cap-add=PERFMON and a seccomp profile)",
  needs: { "perf-allowed": "yes" },
  run(host) {
    const opened = openCounter(host, {
      type: PERF_TYPE.SOFTWARE,
      config: PERF_COUNT_SW.TASK_CLOCK,
      flags: ["disabled", "exclude_kernel"],
    });
    if (typeof opened === "string") return no(`perf_event_open: ${opened}`);
    using clock = opened;
    const failed = measure(host, [clock], [control(clock, "ENABLE"), branches(BRANCHES)]);
    if (failed) return no(failed);
    const evidence = `task-clock counted ${group(Number(clock.words[0]))} ns`;
    const numbers = { nanoseconds: Number(clock.words[0]) };
    return numbers.nanoseconds > 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
