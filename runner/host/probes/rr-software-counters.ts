import type { Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";
import { findRr, rrReason } from "./_rr.ts";

/** A fork of rr that counts in software, and so needs no PMU. */
export const rrSoftwareCounters: Probe = {
  name: "rr-software-counters",
  title: "rr can count ticks in software (-W)",
  kind: "fact",
  measures: "options that rr record --help tells of, and rr record -W true",
  threshold: "-W is among them, and exit code 0",
  source: "forks of https://github.com/rr-debugger/rr with software counters",
  gates: { engines: [], tests: [] },
  remedy: "no release of rr has it; the embedded engine counts in software",
  needs: { rr: "yes" },
  run(host) {
    const found = findRr(host);
    if ("state" in found) return found;
    const execution = host.execute([found.path, "record", "--help"]);
    if (execution === undefined) return NOT_DESCRIBED;
    const line = `${execution.stdout}\n${execution.stderr}`.split("\n").find((text) => /^\s*-W\b/.test(text));
    if (line === undefined) return no("rr record has no option -W");
    const trial = host.execute([found.path, "record", "-W", "-o", "trace", "true"]);
    if (trial === undefined) return NOT_DESCRIBED;
    return trial.exitCode === 0 ? yes("rr record -W true: exit code 0") : no(`rr says: ${rrReason(trial)}`);
  },
};
