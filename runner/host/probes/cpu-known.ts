import { identifyProcessor, microarchitecture } from "../../../ffi/mod.ts";
import { processorWords } from "../cpu.ts";
import { ticksAttr } from "../ticks.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Without the event of ticks for this processor nothing can be measured. */
export const cpuKnown: Probe = {
  name: "cpu-known",
  title: "the table of events has this processor",
  kind: "good",
  measures: "cpuid leaves 0 and 1 (MIDR_EL1 on aarch64), looked up in tickproof's table of events",
  threshold: "the table has an event for ticks",
  source: "ffi/perf/events: Intel's and AMD's lists of events, per family and model",
  gates: { engines: [], tests: [] },
  remedy: "tell tickproof's maintainers the processor's name and its event of retired conditional branches",
  run(host) {
    const processor = identifyProcessor(host);
    const line = microarchitecture(processor);
    const words = `${processorWords(processor)}${line === undefined ? "" : `: ${line.name}`}`;
    const ticks = ticksAttr(host);
    return ticks === undefined ? no(words) : yes(`${words}; ticks are event 0x${ticks.config.toString(16)}`);
  },
};
