import { PERF_COUNT_SW, PERF_TYPE } from "../../../ffi/mod.ts";
import { counted } from "../../text/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { control, measure, openCounter } from "./_measure.ts";

/** rr's desched event: it tells that a buffered system call blocks. It happens in the kernel, so that level 2 forbids it. */
export const contextSwitchEvents: Probe = {
  name: "context-switch-events",
  title: "context switches can be counted",
  kind: "good",
  measures: "PERF_COUNT_SW_CONTEXT_SWITCHES around one sleep",
  threshold: "1 or more",
  source:
    "Linux 6.18, include/linux/perf_event.h, perf_event_task_sched_out; https://github.com/rr-debugger/rr (its desched event); rr 5.6.0: 'rr needs /proc/sys/kernel/perf_event_paranoid <= 1'",
  gates: { engines: ["rr"], tests: [], unless: ["rr-software-counters", "rr-switch-records"] },
  remedy:
    "sysctl kernel.perf_event_paranoid=1, or grant CAP_PERFMON; rr 5.9.0 on Linux 6.10 does without, and so does rr record -n (slow)",
  needs: { "perf-allowed": "yes" },
  run(host) {
    const opened = openCounter(host, {
      type: PERF_TYPE.SOFTWARE,
      config: PERF_COUNT_SW.CONTEXT_SWITCHES,
      flags: ["disabled"],
    });
    if (typeof opened === "string") return no(`perf_event_open: ${opened}`);
    using switches = opened;
    const failed = measure(host, [switches], [control(switches, "ENABLE"), { do: "reschedule" }]);
    if (failed) return no(failed);
    const evidence = `${counted(Number(switches.words[0]), "switch", "switches")} around one sleep`;
    const numbers = { switches: Number(switches.words[0]), sleeps: 1 };
    return numbers.switches > 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
