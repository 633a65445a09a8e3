import { PERF_FORMAT } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { BRANCHES, branches, type Counter, control, measure, openTicks } from "./_measure.ts";

/** As many as rr has at once: one that interrupts, one that measures, one that watches for transactions. */
const COUNTERS = 3;
const TIMES = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;

/**
 * Events that find no free counter are enabled and don't run: they count nothing, and say so in their times. A guest
 * that believes in more counters than its host has is not even told by the times.
 */
export const multiplexing: Probe = {
  name: "multiplexing",
  title: `fewer than ${COUNTERS} counters of branches run at once`,
  kind: "harmful",
  measures: `times and ticks of ${COUNTERS} events that are enabled together over exactly ${BRANCHES} branches`,
  threshold: `time_running < time_enabled, or fewer than ${BRANCHES} ticks, for any of them`,
  source:
    "Linux 6.18, kernel/events/core.c, perf_rotate_context; perf_event_open(2), PERF_FORMAT_TOTAL_TIME_RUNNING; https://github.com/rr-debugger/rr/issues/1952",
  gates: { engines: [], limits: ["rr"], tests: ["hle"], unless: "rr-software-counters" },
  remedy:
    "free counters: sysctl kernel.nmi_watchdog=0, and stop other users of perf; a virtual machine may believe in more than its host has",
  needs: { pmu: "yes" },
  run(host) {
    using stack = new DisposableStack();
    const counters: Counter[] = [];
    for (let index = 0; index < COUNTERS; index++) {
      const opened = openTicks(host, { read_format: TIMES });
      if (typeof opened === "string") return unknown(opened);
      counters.push(stack.use(opened));
    }
    const failed = measure(host, counters, [
      ...counters.map((counter) => control(counter, "ENABLE")),
      branches(BRANCHES),
      ...counters.map((counter) => control(counter, "DISABLE")),
    ]);
    if (failed) return unknown(failed);
    const whole = counters.filter(
      ({ words: [ticks = 0n, enabled = 0n, running = 0n] }) =>
        running >= enabled && ticks >= BigInt(BRANCHES),
    ).length;
    const evidence = `${whole} of ${COUNTERS} events counted all the time`;
    const numbers = { countedAllTheTime: whole, events: COUNTERS };
    return whole < COUNTERS ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
