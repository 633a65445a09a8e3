import { PERF_COUNT_SW, PERF_TYPE } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { openCounter } from "./_measure.ts";

const PARANOID = "/proc/sys/kernel/perf_event_paranoid";
/**
 * Mainline's highest level. A patch of distributions has more: from one of them on perf_event_open is for CAP_SYS_ADMIN
 * alone, and CAP_PERFMON does not help (`perf_paranoid_any`: Debian and older Ubuntu from 3 on, Ubuntu since 2022 from 4 on).
 */
const MAINLINE_LEVEL = 2;

/** What lets programs count again, by what forbids it now. */
function remedyAt(level: number): string {
  if (level > MAINLINE_LEVEL) {
    return (
      `sysctl kernel.perf_event_paranoid=${MAINLINE_LEVEL} (or 1); CAP_PERFMON does not help here: from this level on the ` +
      "patch of Debian's and Ubuntu's kernels asks for CAP_SYS_ADMIN"
    );
  }
  return (
    "level 2 allows it, so a container's seccomp profile or a security module forbids it: docker run --cap-add=PERFMON, or a " +
    "profile that permits perf_event_open"
  );
}

/** perf_event_paranoid, whose levels are the distribution's: so one event is opened as well. */
export const perfAllowed: Probe = {
  name: "perf-allowed",
  title: "perf_event_paranoid lets programs count in user mode",
  kind: "good",
  measures: `${PARANOID}, and opening an event of this task in user mode`,
  threshold:
    "not refused with EACCES or EPERM, nor absent (ENOSYS, ENODEV): up to 2 everywhere, 3 on some kernels, 4 never without CAP_SYS_ADMIN",
  source:
    "Linux 6.18, kernel/events/core.c, perf_event_open and perf_allow_kernel; Documentation/admin-guide/sysctl/kernel.rst, perf_event_paranoid; Debian and Ubuntu add the levels 3 and 4 (perf_paranoid_any in kernel/events/core.c)",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy:
    "sysctl kernel.perf_event_paranoid=1 (or 2); where the level is 3 or 4 CAP_PERFMON does not help, CAP_SYS_ADMIN does",
  run(host) {
    const level = host.readFile(PARANOID)?.trim() ?? "not readable";
    const opened = openCounter(host, {
      type: PERF_TYPE.SOFTWARE,
      config: PERF_COUNT_SW.TASK_CLOCK,
      flags: ["disabled", "exclude_kernel"],
    });
    if (opened === "EACCES" || opened === "EPERM") {
      return { ...no(`level is ${level}; perf_event_open: ${opened}`), remedy: remedyAt(Number(level)) };
    }
    if (opened === "ENOSYS" || opened === "ENODEV") {
      return {
        ...no(`this kernel or sandbox has no counters; perf_event_open: ${opened}`),
        remedy:
          "a kernel with CONFIG_PERF_EVENTS, outside of a sandbox with a kernel of its own (gVisor answers ENODEV)",
      };
    }
    if (typeof opened === "string") return unknown(`level is ${level}; perf_event_open: ${opened}`);
    opened[Symbol.dispose]();
    return yes(`level is ${level}; a user-mode event opens`);
  },
};
