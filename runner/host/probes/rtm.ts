import { bit, extendedFeatures } from "../cpu.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** Restricted transactional memory: xbegin, xend, xabort. */
export const rtm: Probe = {
  name: "rtm",
  title: "the processor has transactions (RTM)",
  kind: "fact",
  measures: "cpuid leaf 7, ebx bit 11",
  threshold: "set",
  source: "Intel SDM volume 2, CPUID, leaf 7",
  gates: { engines: [], tests: [] },
  remedy: "RTM is in some Intel processors from Haswell on; the kernel may have it off (boot with tsx=on)",
  run(host) {
    const { ebx } = extendedFeatures(host);
    return bit(ebx, 11) ? yes("cpuid has RTM") : no("cpuid has no RTM");
  },
};
