import { cpuOf, cpuWords } from "../cpu.ts";
import { ticksConfig } from "../ticks.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Without the event of ticks for this processor nothing can be measured. */
export const cpuKnown: Probe = {
  name: "cpu-known",
  title: "the table of events has this processor",
  kind: "good",
  measures: "cpuid leaves 0 and 1, looked up in the table of events",
  threshold: "the table has an event for ticks",
  source: "Intel's and AMD's lists of events, per family and model",
  gates: { engines: [], tests: [] },
  remedy: "tell tickproof's maintainers the processor's name and its event of retired conditional branches",
  run(host) {
    const cpu = cpuWords(cpuOf(host));
    const config = ticksConfig(host);
    return config === undefined ? no(cpu) : yes(`${cpu}: ticks are event 0x${config.toString(16)}`);
  },
};
