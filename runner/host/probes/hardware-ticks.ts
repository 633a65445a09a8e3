import type { Probe } from "../types.ts";
import { allOf } from "./_derived.ts";

const NEEDED = { pmu: "yes", "xen-pmi-overcount": "no" } as const;

/** What manifests ask for that need a hardware clock of progress, whichever event that is. */
export const hardwareTicks: Probe = {
  name: "hardware-ticks",
  title: "ticks can be counted by hardware, and believed",
  kind: "fact",
  measures: "findings of other probes",
  threshold: Object.entries(NEEDED)
    .map(([name, state]) => `${name} is ${state}`)
    .join(", "),
  source: "derived",
  gates: { engines: [], tests: [] },
  remedy: "see the probe that says no; the embedded engine counts ticks in software",
  uses: Object.keys(NEEDED),
  run: (_host, found) => allOf(NEEDED, found),
};
