/** A report with fixed figures, for the tests of what renders it. */
import type { Side } from "./measure.ts";
import type { CountersReport } from "./report.ts";

/** A side whose histogram has most in its first bin. */
export function side(median: number): Side {
  return {
    median,
    p99: median * 2,
    samples: 10,
    histogram: { edges: [median, median + 1, median + 2], counts: [8, 1], below: 0, above: 1 },
  };
}

/** A read with C, one that this host has not, and one without C. */
export const REPORT: CountersReport = {
  host: "a processor, 2 cores",
  c: { compiler: "gcc 12 -O2" },
  rounds: 3,
  rows: [
    {
      name: "empty call",
      state: "measured",
      calls: 1000,
      js: side(1.6),
      c: side(1.4),
      ratio: { median: 1.14, low: 1.1, high: 1.2 },
    },
    {
      name: "read, raw stub",
      state: "measured",
      note: "a note",
      calls: 50,
      js: side(420),
      c: side(400),
      ratio: { median: 1.05, low: 1.04, high: 1.06 },
      garbage: { reads: 1_000_000, collections: 0, kept: 64 },
    },
    { name: "rdpmc, cycles", state: "skipped", reason: "no PMU (ENOENT)" },
    { name: "open + close", state: "measured", calls: 1, js: side(90_000) },
  ],
  control: { reads: 1_000_000, collections: 4, kept: 0 },
  goals: [
    { goal: "raw read at most 1.10× C", value: "1.05×", met: true },
    { goal: "no garbage per read", value: "not measured", met: undefined },
  ],
};
