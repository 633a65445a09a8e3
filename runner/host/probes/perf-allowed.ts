import { PERF_COUNT_SW, PERF_TYPE } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { openCounter } from "./_measure.ts";

const PARANOID = "/proc/sys/kernel/perf_event_paranoid";

/** perf_event_paranoid, whose levels are the distribution's: so one event is opened as well. */
export const perfAllowed: Probe = {
  name: "perf-allowed",
  title: "perf_event_paranoid lets programs count in user mode",
  kind: "good",
  measures: `${PARANOID}, and opening an event of this task in user mode`,
  threshold:
    "not refused with EACCES or EPERM: up to 2 everywhere, 3 on some kernels, 4 never without a capability",
  source:
    "Documentation/admin-guide/sysctl/kernel.rst, perf_event_paranoid; Debian and Ubuntu add the levels 3 and 4",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "sysctl kernel.perf_event_paranoid=1 (or 2), or grant CAP_PERFMON",
  run(host) {
    const level = host.readFile(PARANOID)?.trim() ?? "not readable";
    const opened = openCounter(host, {
      type: PERF_TYPE.SOFTWARE,
      config: PERF_COUNT_SW.TASK_CLOCK,
      flags: ["disabled", "exclude_kernel"],
    });
    if (opened === "EACCES" || opened === "EPERM") return no(`level is ${level}; perf_event_open: ${opened}`);
    if (typeof opened === "string") return unknown(`level is ${level}; perf_event_open: ${opened}`);
    opened[Symbol.dispose]();
    return yes(`level is ${level}; a user-mode event opens`);
  },
};
