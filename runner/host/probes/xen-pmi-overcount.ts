import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { BRANCHES, branches, control, countedOf, measure, openTicks } from "./_measure.ts";

/** One overflow comes within the measurement: with the bug its interrupt lets the counter run on. */
const PERIOD = BRANCHES - 1;

/** Xen delivers the interrupt of an overflow in a way that counts the hypervisor's own branches. */
export const xenPmiOvercount: Probe = {
  name: "xen-pmi-overcount",
  title: "the interrupt of an overflow adds ticks (Xen)",
  kind: "harmful",
  measures: `ticks with a period of ${PERIOD}, after ENABLE, RESET and PERIOD, over exactly ${BRANCHES} branches`,
  threshold: `more than ${BRANCHES}`,
  source: "https://github.com/rr-debugger/rr (PerfCounters_x86.h, check_for_xen_pmi_bug)",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "use a newer Xen, hardware, or another hypervisor; the embedded engine counts in software",
  needs: { "hardware-events": "yes" },
  run(host) {
    const opened = openTicks(host, { sample_period: PERIOD });
    if (typeof opened === "string") return unknown(opened);
    using counter = opened;
    const failed = measure(
      host,
      [counter],
      [
        control(counter, "ENABLE"),
        control(counter, "RESET"),
        control(counter, "PERIOD", PERIOD),
        branches(BRANCHES),
        control(counter, "DISABLE"),
      ],
    );
    if (failed) return unknown(failed);
    const numbers = { counted: Number(counter.words[0]), expected: BRANCHES };
    const found = numbers.counted > BRANCHES ? yes : no;
    return found(countedOf(counter), numbers);
  },
};
