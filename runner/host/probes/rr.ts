import type { Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";
import { findRr, rrReason, versionIn } from "./_rr.ts";

/** rr's presence and version. */
export const rr: Probe = {
  name: "rr",
  title: "rr is installed",
  kind: "good",
  measures: "rr --version",
  threshold: "it tells its version",
  source: "https://rr-project.org",
  gates: { engines: ["rr"], tests: [] },
  remedy: "apt-get install rr, or build it from https://github.com/rr-debugger/rr",
  run(host) {
    const found = findRr(host);
    if ("state" in found) return found;
    const execution = host.execute([found.path, "--version"]);
    if (execution === undefined) return NOT_DESCRIBED;
    const version = versionIn(execution);
    if (version === undefined) return no(`${found.path} --version: ${rrReason(execution)}`);
    return yes(`rr ${version} at ${found.path}`);
  },
};
