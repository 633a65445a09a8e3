import type { Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";
import { findRr, rrReason } from "./_rr.ts";

/** rr checks its host when it starts, and has its own words for what it misses. */
export const rrStarts: Probe = {
  name: "rr-starts",
  title: "rr can record here",
  kind: "good",
  measures: "rr record true",
  threshold: "exit code 0",
  source: "https://github.com/rr-debugger/rr/wiki/Will-rr-work-on-my-system",
  gates: { engines: ["rr"], tests: [], unless: "rr-software-counters" },
  remedy: "see what rr says and the probes that say no; the embedded engine needs no PMU",
  needs: { rr: "yes" },
  run(host) {
    const found = findRr(host);
    if ("state" in found) return found;
    const execution = host.execute([found.path, "record", "-o", "trace", "true"]);
    if (execution === undefined) return NOT_DESCRIBED;
    return execution.exitCode === 0
      ? yes("rr record true: exit code 0")
      : no(`rr says: ${rrReason(execution)}`);
  },
};
