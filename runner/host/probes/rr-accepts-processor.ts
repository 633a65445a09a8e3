import { isSince, REFUSES_FLAWS } from "../rr-versions.ts";
import type { Finding, Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";
import { RR_VERSION, rrRelease } from "./_rr.ts";

/** Flaws that some release of rr refuses to record with. */
const FLAWS = ["spec-lock-map", "smi-counted"];

/** Settings of the processor of which older releases only warn, and newer ones will not start with. */
export const rrAcceptsProcessor: Probe = {
  name: "rr-accepts-processor",
  title: "rr starts with the settings of this processor",
  kind: "good",
  measures: `findings of ${FLAWS.join(" and ")}, and ${RR_VERSION}`,
  threshold: "neither is yes, or that version only warns",
  source:
    "rr 5.10.0, src/PerfCounters_x86.h, check_for_zen_speclockmap and check_for_freeze_on_smi (pull request 3928); 5.6.0 to 5.9.0 warn",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "see the probe that says yes; or rr -F record, which marks the trace as doubtful",
  uses: FLAWS,
  run(host, found): Finding {
    const flaws = FLAWS.filter((name) => found.get(name)?.state === "yes");
    if (flaws.length === 0) return yes(`neither ${FLAWS.join(" nor ")} is found`);
    const { release, version } = rrRelease(host);
    const evidence = flaws.join(" and ");
    return isSince(release, REFUSES_FLAWS)
      ? no(`${version} refuses ${evidence}`)
      : yes(`${version} warns of ${evidence}, and records`);
  },
};
