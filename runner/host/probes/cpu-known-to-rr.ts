import { identifyProcessor } from "../../../ffi/mod.ts";
import { processorWords } from "../cpu.ts";
import { rrCpu } from "../rr-cpus.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** rr refuses a processor that its table lacks, for instance EPYC "Turin" (family 0x1a, model 0x02). */
export const cpuKnownToRr: Probe = {
  name: "cpu-known-to-rr",
  title: "rr knows this processor",
  kind: "good",
  measures: "cpuid leaves 0 and 1, looked up in rr's table",
  threshold: "the table has it",
  source: "rr 5.6.0, and https://github.com/rr-debugger/rr (PerfCounters_x86.h, compute_cpu_microarch)",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "use a newer rr, or name a near relative (rr -A 'Ivy Bridge'); the embedded engine needs no table",
  run(host) {
    const cpu = identifyProcessor(host);
    const known = rrCpu(cpu);
    if (known === undefined) return no(`${processorWords(cpu)} is in no release of rr`);
    return yes(`${processorWords(cpu)}: ${known.name}${known.newer ? ", to releases after 5.6.0" : ""}`);
  },
};
