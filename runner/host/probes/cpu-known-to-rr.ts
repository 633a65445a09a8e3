import { identifyProcessor, microarchitecture } from "../../../ffi/mod.ts";
import { processorWords } from "../cpu.ts";
import { isSince, releaseWords, rrCpu } from "../rr-versions.ts";
import type { Finding, Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { rrRelease } from "./_rr.ts";

const RELATIVE = "name a near relative (rr -A 'Ivy Bridge'); the embedded engine needs no table";

/** rr refuses a processor that its table lacks, or takes it for another one; which ones goes by its version. */
export const cpuKnownToRr: Probe = {
  name: "cpu-known-to-rr",
  title: "rr knows this processor",
  kind: "good",
  measures:
    "cpuid leaves 0 and 1, looked up in the table of the installed rr's version (of 5.9.0 where there is none)",
  threshold: "that version knows the processor, and does not take it for another one",
  source:
    "rr 5.6.0, and src/PerfCounters_x86.h, compute_cpu_microarch, by version: runner/host/rr-versions.ts",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: `use a newer rr, or ${RELATIVE}`,
  run(host) {
    const cpu = identifyProcessor(host);
    const line = microarchitecture(cpu)?.name;
    const words = processorWords(cpu);
    const { release, version } = rrRelease(host);
    const known = rrCpu(cpu);
    const refuses = (evidence: string, remedy: string): Finding => ({ ...no(evidence), remedy });
    if (known === undefined || !isSince(release, known.since)) {
      const which = `${line ?? "this processor"} (${words})`;
      if (known === undefined || known.mistaken !== undefined) {
        return refuses(`${version} does not know ${which}, nor does any later one`, RELATIVE);
      }
      const newer = releaseWords(known.since);
      const get = known.since === "later" ? "build rr from its repository" : `use rr ${newer} or later`;
      return refuses(`${version} does not know ${which}: ${newer} does`, `${get}, or ${RELATIVE}`);
    }
    if (known.mistaken !== undefined) {
      const evidence = `${version} takes ${words} for ${known.name}; ${known.mistaken}`;
      return refuses(
        evidence,
        "name what it is (rr -A 'AMD Zen'), and record with the embedded engine meanwhile",
      );
    }
    return yes(`${words}: ${known.name} to rr ${releaseWords(known.since)} and later`);
  },
};
