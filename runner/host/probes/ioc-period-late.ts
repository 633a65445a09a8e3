import { errnoInfo } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { branches, control, openTicks } from "./_measure.ts";

const NEVER = 0xffff_ffff;
/** Shortest periods, where a processor or its driver refuses 1. */
const PERIODS = [1, 32];
/** More than the greatest skid of any processor, so that the interrupt has come by then. */
const RUN = 50_000;
const POLLIN = 1;
const TIMEOUT_MS = 100;

/** Kernels before 3.7 take a new period over at the next overflow only. */
export const iocPeriodLate: Probe = {
  name: "ioc-period-late",
  title: "ioctl(PERIOD) takes effect too late",
  kind: "harmful",
  measures: `an event with period 0x${NEVER.toString(16)} that is set to ${PERIODS.join(" or ")}, then ${RUN} branches and poll(2)`,
  threshold: "not readable",
  source:
    "Linux 3.14, kernel/events/core.c, perf_event_period; https://github.com/rr-debugger/rr (PerfCounters.cc, has_ioc_period_bug); kernel commit bad7192b842c",
  gates: { engines: [], limits: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "use a newer kernel; rr opens its counters anew each time, which is slower",
  needs: { pmu: "yes" },
  run(host) {
    const opened = openTicks(host, { sample_period: NEVER, wakeup_events: 1 });
    if (typeof opened === "string") return unknown(opened);
    using counter = opened;
    const mapped = host.perf.map(counter.fd, 1);
    if (typeof mapped === "number") return unknown(`mmap of its ring buffer: ${errnoInfo(-mapped).code}`);
    using _ring = mapped;
    for (const period of PERIODS) {
      const [, set = -1] = host.perf.run([
        // As ENABLE, but for one overflow: thousands of interrupts would make the kernel throttle all sampling.
        control(counter, "REFRESH", 1),
        control(counter, "PERIOD", period),
        branches(RUN),
        control(counter, "DISABLE"),
      ]);
      if (set < 0) continue;
      const events = host.perf.poll(counter.fd, TIMEOUT_MS);
      if (events < 0) return unknown(`poll: ${errnoInfo(-events).code}`);
      return events & POLLIN
        ? no(`a period of ${period} overflows at once`, { period })
        : yes(`no overflow in ${RUN} branches after the period was set to ${period}`, {
            period,
            branches: RUN,
          });
    }
    return unknown(`ioctl(PERIOD) refuses ${PERIODS.join(" and ")}`);
  },
};
