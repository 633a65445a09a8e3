import { identifyProcessor, isAarch64 } from "../../../ffi/mod.ts";
import { processorWords } from "../cpu.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** The embedded engine translates the code of one architecture, and is itself code of it. */
export const x8664: Probe = {
  name: "x86-64",
  title: "the processor runs programs of x86-64",
  kind: "good",
  measures: "cpuid; where there is none, MIDR_EL1 in /sys/devices/system/cpu/cpu0/regs/identification",
  threshold: "cpuid tells a vendor",
  source: "docs/architecture.md; Linux 6.10, Documentation/arch/arm64/cpu-feature-registers.rst",
  gates: { engines: ["embedded"], tests: [] },
  remedy: "record on a machine of x86-64; rr also records on some of aarch64",
  run(host) {
    const cpu = identifyProcessor(host);
    return isAarch64(cpu) ? no(`${processorWords(cpu)} is one of aarch64`) : yes(processorWords(cpu));
  },
};
