import { bit, extendedFeatures } from "../cpu.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Hardware lock elision: xacquire and xrelease begin and end transactions. */
export const hle: Probe = {
  name: "hle",
  title: "the processor elides locks (HLE)",
  kind: "fact",
  measures: "cpuid leaf 7, ebx bit 4",
  threshold: "set",
  source: "Intel SDM volume 2, CPUID, leaf 7",
  gates: { engines: [], tests: [] },
  remedy: "HLE is in some Intel processors from Haswell to Comet Lake, where microcode has not taken it away",
  run(host) {
    const { ebx } = extendedFeatures(host);
    return bit(ebx, 4) ? yes("cpuid has HLE") : no("cpuid has no HLE");
  },
};
