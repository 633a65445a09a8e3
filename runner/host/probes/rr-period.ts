import { errnoInfo } from "../../../ffi/mod.ts";
import { isSince, PERIOD_OF_32 } from "../rr-versions.ts";
import type { Finding, Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { control, openTicks } from "./_measure.ts";
import { RR_VERSION, rrRelease } from "./_rr.ts";

const NEVER = 0xffff_ffff;
/** What every release asks for, and what the later ones fall back to. */
const PERIODS = [1, 32] as const;

/** rr sets the shortest period before anything else, and ends where the kernel refuses it. */
export const rrPeriod: Probe = {
  name: "rr-period",
  title: "the kernel takes the shortest period that rr asks for",
  kind: "good",
  measures: `ioctl(PERIOD) with ${PERIODS.join(" and ")} on an event of ticks with period 0x${NEVER.toString(16)}, and ${RR_VERSION}`,
  threshold: `1 is taken, or 32 with rr ${PERIOD_OF_32} or later`,
  source:
    "Linux 6.11, arch/x86/events/intel/core.c, hsw_limit_period and nhm_limit_period (5.3); rr, PerfCounters.cc, check_for_ioc_period_bug, by version; https://github.com/rr-debugger/rr/issues/3848",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: `use rr ${PERIOD_OF_32} or later`,
  needs: { pmu: "yes" },
  run(host): Finding {
    const { release, version } = rrRelease(host);
    const opened = openTicks(host, { sample_period: NEVER });
    if (typeof opened === "string") return unknown(opened);
    using counter = opened;
    const results = PERIODS.map((period) => host.perf.run([control(counter, "PERIOD", period)])[0] ?? -1);
    const [one = -1, longer = -1] = results;
    if (one >= 0) return yes("a period of 1 is taken", { period: 1 });
    const refused = `a period of 1 is refused (${errnoInfo(-one).code})`;
    if (longer < 0) return no(`${refused}, and so is one of 32`);
    return isSince(release, PERIOD_OF_32)
      ? yes(`${refused}; ${version} takes 32`, { period: 32 })
      : no(`${refused}, and ${version} asks for no other`, { period: 32 });
  },
};
