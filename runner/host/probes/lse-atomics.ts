import { identifyProcessor, isAarch64 } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

const CPUINFO = "/proc/cpuinfo";

/** Features that all processors of a cpuinfo name. */
function featuresOf(text: string): ReadonlySet<string> {
  const lists = [...text.matchAll(/^Features\s*:\s*(.*)$/gm)].map(([, list = ""]) => list.split(/\s+/));
  const [first = [], ...others] = lists;
  return new Set(first.filter((name) => others.every((list) => list.includes(name))));
}

/** A store of a loop of exclusives fails where the loop is interrupted, and the branch back is one more tick: no two runs are alike. */
export const lseAtomics: Probe = {
  name: "lse-atomics",
  title: "atomics are single instructions, not loops of exclusives",
  kind: "good",
  measures: `'atomics' (LSE) among the Features of all processors in ${CPUINFO}; x86 has locked instructions`,
  threshold: "all have it, or it is x86",
  source:
    "Linux 6.10, Documentation/arch/arm64/elf_hwcaps.rst, HWCAP_ATOMICS; https://github.com/rr-debugger/rr/issues/3598 and PerfCounters.cc, read_ticks: 'rr only supports applications making use of LSE atomics'",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy:
    "use cores of Armv8.1 or later, and programs and libraries that are built for LSE (-march=armv8.1-a, or -moutline-atomics, and a libc with it)",
  run(host) {
    if (!isAarch64(identifyProcessor(host))) return yes("x86 has locked instructions");
    const text = host.readFile(CPUINFO);
    if (text === undefined) return unknown(`${CPUINFO} can't be read`);
    return featuresOf(text).has("atomics")
      ? yes("all processors have LSE; programs that use exclusives all the same can't be replayed by rr")
      : no("not all processors have LSE: every atomic is a loop of exclusives (LL/SC)");
  },
};
