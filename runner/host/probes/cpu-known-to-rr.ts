import { identifyProcessor, microarchitecture } from "../../../ffi/mod.ts";
import { processorWords } from "../cpu.ts";
import { learnt, rrCpu } from "../rr-versions.ts";
import type { Finding, Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { RR_VERSION, rrRelease } from "./_rr.ts";

const RELATIVE = "name a near relative (rr -A 'Ivy Bridge'); the embedded engine needs no table";

/** rr refuses a processor that its table lacks, or takes it for another one; which ones goes by its version. */
export const cpuKnownToRr: Probe = {
  name: "cpu-known-to-rr",
  title: "rr knows this processor",
  kind: "good",
  measures: `cpuid leaves 0 and 1 (MIDR_EL1 on aarch64), looked up by ${RR_VERSION}`,
  threshold: "that version knows the processor, and counts the right events on it",
  source:
    "rr 5.6.0 to 5.10.0, src/PerfCounters_x86.h and PerfCounters_aarch64.h, compute_cpu_microarch: runner/host/rr-processors.ts",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: `use a newer rr, or ${RELATIVE}`,
  run(host) {
    const cpu = identifyProcessor(host);
    const line = microarchitecture(cpu)?.name;
    const words = processorWords(cpu);
    const { release, version } = rrRelease(host);
    const known = rrCpu(release, cpu);
    if (known !== undefined && known.unusable === undefined) {
      return yes(`${words}: ${known.name} to rr ${learnt(cpu) ?? release} and later`);
    }
    const newer = learnt(cpu, release);
    const refuses = (evidence: string, instead: string): Finding => ({
      ...no(newer === undefined ? evidence : `${evidence}: ${newer} does`),
      remedy: newer === undefined ? instead : `use rr ${newer} or later, or ${instead}`,
    });
    if (known === undefined) {
      const which = `${line ?? "this processor"} (${words})`;
      const nobody = newer === undefined ? ", nor does any later one" : "";
      return refuses(`${version} does not know ${which}${nobody}`, RELATIVE);
    }
    const evidence = `${version} takes ${words} for ${known.name}; ${known.unusable}`;
    const right = cpu.vendor === "AuthenticAMD" ? "name what it is (rr -A 'AMD Zen'), and " : "";
    return {
      ...no(evidence),
      remedy:
        newer === undefined
          ? `${right}record with the embedded engine meanwhile`
          : `use rr ${newer} or later, or record with the embedded engine`,
    };
  },
};
