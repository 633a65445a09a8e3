import { group } from "../../text/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { BRANCHES } from "./_measure.ts";
import { countTicksAndCycles } from "./pmu.ts";

/** A machine that has no second counter free counts no cycles beside ticks. */
export const singleCounter: Probe = {
  name: "single-counter",
  title: "only one hardware counter is free",
  kind: "harmful",
  measures: `cycles in user mode, counted beside ticks over ${BRANCHES} branches`,
  threshold: "cycles are 0",
  source: "https://github.com/rr-debugger/rr (PerfCounters.cc, only_one_counter)",
  gates: { engines: [], limits: ["rr"], tests: ["hle"], unless: "rr-software-counters" },
  remedy:
    "free counters: sysctl kernel.nmi_watchdog=0, and stop other users of perf; on a virtual machine give it more",
  needs: { pmu: "yes" },
  run(host) {
    const counts = countTicksAndCycles(host);
    if ("state" in counts) return counts;
    const evidence = `${group(counts.cycles)} cycles counted beside ${group(counts.ticks)} ticks`;
    const numbers = { cycles: counts.cycles, ticks: counts.ticks };
    return counts.cycles === 0 ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
