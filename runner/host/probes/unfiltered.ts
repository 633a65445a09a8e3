import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

const STATUS = "/proc/self/status";

/** A filter from outside is asked before the recorder's own: what it refuses would be done without the recorder. */
export const unfiltered: Probe = {
  name: "unfiltered",
  title: "no filter of system calls comes from outside",
  kind: "good",
  measures: `Seccomp in ${STATUS}`,
  threshold: "it is 0",
  source: "proc_pid_status(5); Linux 6.18, kernel/seccomp.c, seccomp_run_filters",
  gates: { engines: [], limits: ["embedded"], tests: [] },
  remedy:
    "recordings work, but each system call stops its program, which makes those with many of them several times slower: " +
    "record outside of the container, or in one without a filter (docker run --security-opt seccomp=unconfined)",
  run(host) {
    const [, mode] = /^Seccomp:\s*(\d)$/m.exec(host.readFile(STATUS) ?? "") ?? [];
    if (mode === undefined) return unknown(`${STATUS} doesn't tell`);
    return mode === "0" ? yes("there is none") : no(`there is one (Seccomp: ${mode})`);
  },
};
