import { bit, extendedFeatures } from "../cpu.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Microcode that leaves the instructions, and lets every transaction abort. */
export const tsxAlwaysAborts: Probe = {
  name: "tsx-always-aborts",
  title: "microcode aborts every transaction",
  kind: "fact",
  measures: "cpuid leaf 7, edx bit 11 (RTM_ALWAYS_ABORT)",
  threshold: "set",
  source:
    "Intel, Performance Monitoring Impact of Intel TSX Memory Ordering Issue; Linux 6.18, arch/x86/kernel/cpu/tsx.c, tsx_init",
  gates: { engines: [], tests: [] },
  remedy: "nothing: transactions fall back to their locks",
  run(host) {
    const { edx } = extendedFeatures(host);
    return bit(edx, 11) ? yes("cpuid says RTM_ALWAYS_ABORT") : no("cpuid does not say RTM_ALWAYS_ABORT");
  },
};
