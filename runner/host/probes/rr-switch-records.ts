import { PERF_COUNT_SW, PERF_TYPE } from "../../../ffi/mod.ts";
import { isSince, SWITCH_RECORDS } from "../rr-versions.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { openCounter } from "./_measure.ts";
import { kernelIsAtLeast } from "./_release.ts";
import { RR_VERSION, rrRelease } from "./_rr.ts";

const { release: SINCE, kernel: KERNEL } = SWITCH_RECORDS;

/** Where rr may not count context switches, it can be told of them by records of an event that counts nothing. */
export const rrSwitchRecords: Probe = {
  name: "rr-switch-records",
  title: "rr can do without counting context switches",
  kind: "fact",
  measures: `${RR_VERSION}, the kernel's release, and opening a dummy event with context_switch`,
  threshold: `rr ${SINCE} and Linux ${KERNEL.join(".")} or later, and the event opens`,
  source: "https://github.com/rr-debugger/rr, ContextSwitchEvent.h, issue 3659 and pull request 3840",
  gates: { engines: [], tests: [] },
  remedy: `use rr ${SINCE} or later on Linux ${KERNEL.join(".")} or later, or rr record -n (slow)`,
  needs: { "perf-allowed": "yes" },
  run(host) {
    const { release, version } = rrRelease(host);
    if (!isSince(release, SINCE)) return no(`${version} counts context switches`);
    const recent = kernelIsAtLeast(host, KERNEL);
    if (recent === undefined) return unknown("the kernel's release is not told");
    if (!recent) return no(`the kernel is older than ${KERNEL.join(".")}`);
    const opened = openCounter(host, {
      type: PERF_TYPE.SOFTWARE,
      config: PERF_COUNT_SW.DUMMY,
      sample_period: 1,
      flags: ["disabled", "exclude_kernel", "context_switch", "watermark"],
    });
    if (typeof opened === "string") return no(`perf_event_open: ${opened}`);
    opened[Symbol.dispose]();
    return yes(`${version} hears of them by records (PERF_RECORD_SWITCH), which open here`);
  },
};
