import { PERF_COUNT_HW, PERF_TYPE } from "../../../ffi/mod.ts";
import { group } from "../../text/mod.ts";
import type { Finding, Host, Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { BRANCHES, branches, control, measure, openCounter, openTicks } from "./_measure.ts";

/** Counts ticks and cycles over exactly {@link BRANCHES} branches, both at once. */
export function countTicksAndCycles(host: Host): { ticks: number; cycles: number } | Finding {
  const opened = openTicks(host);
  if (typeof opened === "string") return no(opened);
  using ticks = opened;
  const second = openCounter(host, {
    type: PERF_TYPE.HARDWARE,
    config: PERF_COUNT_HW.CPU_CYCLES,
    flags: ["disabled", "exclude_kernel", "exclude_guest"],
  });
  if (typeof second === "string") return no(`perf_event_open of cycles beside ticks: ${second}`);
  using cycles = second;
  const failed = measure(
    host,
    [ticks, cycles],
    [
      control(ticks, "ENABLE"),
      control(cycles, "ENABLE"),
      branches(BRANCHES),
      control(cycles, "DISABLE"),
      control(ticks, "DISABLE"),
    ],
  );
  if (failed) return no(failed);
  return { ticks: Number(ticks.words[0]), cycles: Number(cycles.words[0]) };
}

/** A live counter that is wrong is worse than none: so the number must be exact. */
export const pmu: Probe = {
  name: "pmu",
  title: "the counter of retired conditional branches is exact",
  kind: "good",
  measures: `ticks and cycles in user mode over exactly ${BRANCHES} conditional branches`,
  threshold: `ticks are ${BRANCHES}`,
  source: "https://github.com/rr-debugger/rr (PerfCounters.cc, check_working_counters)",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy:
    "run on a machine whose PMU counts, or with the embedded engine, which counts in software; on a virtual machine look at the hypervisor's settings of its PMU",
  needs: { "hardware-events": "yes" },
  uses: ["cpu-known"],
  run(host, found) {
    const known = found.get("cpu-known");
    if (known?.state === "no") return unknown(`the event of ticks is not known: ${known.evidence}`);
    const counts = countTicksAndCycles(host);
    if ("state" in counts) return counts;
    const evidence = `${group(counts.ticks)} of ${BRANCHES} branches counted`;
    const numbers = { counted: counts.ticks, expected: BRANCHES };
    return counts.ticks === BRANCHES ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
