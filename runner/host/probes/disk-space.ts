import type { Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";

const MIB = 2 ** 20;
const NEEDED_MIB = 512;

/** Words for a number of bytes: "12.3 GiB". */
function size(bytes: number): string {
  const mib = bytes / MIB;
  return mib >= 1024 ? `${(mib / 1024).toFixed(1)} GiB` : `${Math.floor(mib)} MiB`;
}

/** A trace holds the files that its program had mapped, and what it read. */
export const diskSpace: Probe = {
  name: "disk-space",
  title: "traces have room",
  kind: "good",
  measures: "free bytes where traces are kept (statvfs)",
  threshold: `${NEEDED_MIB} MiB or more`,
  source: "traces of the suites: a few MiB each; of long runs, hundreds",
  gates: { engines: [], limits: ["embedded", "rr"], tests: [] },
  remedy: "delete old traces, or set TICKPROOF_TRACES to a folder on a larger disk",
  run(host) {
    const space = host.traceSpace();
    if (space === undefined) return NOT_DESCRIBED;
    const evidence = `${size(space.bytes)} free for ${space.folder}`;
    const numbers = { freeBytes: space.bytes, neededBytes: NEEDED_MIB * MIB };
    return space.bytes >= NEEDED_MIB * MIB ? yes(evidence, numbers) : no(evidence, numbers);
  },
};
