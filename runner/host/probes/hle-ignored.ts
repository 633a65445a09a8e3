import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

/** A test of lock elision runs all the same where the prefixes are ignored, but shows nothing of elision. */
export const hleIgnored: Probe = {
  name: "hle-ignored",
  title: "the prefixes of lock elision are ignored",
  kind: "fact",
  measures: "findings of hle and tsx-always-aborts",
  threshold: "no HLE, or transactions that always abort",
  source: "Intel SDM volume 1, 16.2.1: on processors without HLE the prefixes are ignored",
  gates: { engines: [], tests: ["hle"] },
  remedy: "to test elision itself, use an Intel processor with HLE (Haswell to Comet Lake, old microcode)",
  uses: ["hle", "tsx-always-aborts"],
  run(_host, found) {
    const elides = found.get("hle");
    const aborts = found.get("tsx-always-aborts");
    if (elides === undefined || elides.state === "unknown") return unknown("hle is not known");
    if (elides.state === "no") return yes(`xacquire and xrelease do nothing: ${elides.evidence}`);
    return aborts?.state === "yes" ? yes(aborts.evidence) : no(elides.evidence);
  },
};
