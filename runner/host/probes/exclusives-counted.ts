import { EventNameError, identifyProcessor, isAarch64, resolveEvents } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { openCounter, openTicks } from "./_measure.ts";

/** rr's guard on aarch64: an event that rises as soon as a program stores exclusively, beside the ticks. */
export const exclusivesCounted: Probe = {
  name: "exclusives-counted",
  title: "a program's exclusives (LL/SC) can be noticed",
  kind: "good",
  measures: "opening exclusive-stores (STREX_SPEC, 0x6f) in the group of ticks; x86 has no exclusives",
  threshold: "it opens, or it is x86",
  source:
    "rr, PerfCounters.cc, pmu_configs (llsc_cntr_event) and PerfCounters_aarch64.h, reset_arch_extras and arch_check_restricted_counter (5.9.0)",
  gates: { engines: [], limits: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "record only what is known to be built for LSE; a virtual machine needs two counters",
  needs: { "hardware-events": "yes" },
  run(host) {
    if (!isAarch64(identifyProcessor(host))) return yes("x86 has no exclusives");
    try {
      const [event] = resolveEvents("exclusive-stores:u", host);
      if (event === undefined) return no("no PMU counts exclusive stores");
      const ticks = openTicks(host);
      if (typeof ticks === "string") return no(ticks);
      using leader = ticks;
      const opened = openCounter(host, { ...event.attr }, leader.fd);
      if (typeof opened === "string") return no(`perf_event_open of exclusive-stores: ${opened}`);
      opened[Symbol.dispose]();
      return yes("exclusive stores are counted beside ticks");
    } catch (error) {
      if (error instanceof EventNameError) return no("this core has no event of exclusive stores alone");
      throw error;
    }
  },
};
