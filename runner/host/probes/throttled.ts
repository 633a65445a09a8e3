import { group } from "../../text/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

const RATE = "/proc/sys/kernel/perf_event_max_sample_rate";
/** DEFAULT_MAX_SAMPLE_RATE. kernel/events/core.c. */
const DEFAULT_RATE = 100_000;
/** What the kernel says when it lowers the rate, and when handlers of counters are slow. */
const LINES = [
  /perf: interrupt took too long/,
  /perf interrupt took too long/,
  /NMI handler .*took too long/,
];

/** Slow interrupts make the kernel lower its sampling rate, and events are then throttled: they lose interrupts. */
export const throttled: Probe = {
  name: "throttled",
  title: "the kernel has slowed sampling down",
  kind: "harmful",
  measures: `${RATE}, and the kernel's log`,
  threshold: `less than ${group(DEFAULT_RATE)}, or a line that an interrupt or NMI handler took too long`,
  source:
    "Linux 6.18, kernel/events/core.c, perf_sample_event_took; Documentation/admin-guide/sysctl/kernel.rst, perf_cpu_time_max_percent; https://github.com/rr-debugger/rr/issues/1952",
  gates: { engines: [], limits: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: `sysctl kernel.perf_cpu_time_max_percent=0 kernel.perf_event_max_sample_rate=${DEFAULT_RATE}`,
  run(host) {
    const rate = host.readFile(RATE)?.trim();
    const log = host.kernelLog();
    const line = log?.findLast((text) => LINES.some((pattern) => pattern.test(text)));
    const rateWords = rate === undefined ? "" : `perf_event_max_sample_rate is ${group(Number(rate))}`;
    if (line !== undefined) return yes([rateWords, `kernel log: ${line.trim()}`].filter(Boolean).join("; "));
    if (rate === undefined) return unknown(`${RATE} can't be read`);
    if (Number(rate) < DEFAULT_RATE)
      return yes(`${rateWords} (${group(DEFAULT_RATE)} by default)`, { samplesPerSecond: Number(rate) });
    return log === undefined
      ? no(`${rateWords}; the kernel's log can't be read`)
      : no(`${rateWords}; the kernel's log is quiet`);
  },
};
