import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { osRelease, releaseNumber } from "./_release.ts";

/** The newest of what the embedded engine calls: MAP_FIXED_NOREPLACE came with 4.17. */
const OLDEST = "4.17";

/** The kernel of this machine, or of the guest. */
export const kernelRecent: Probe = {
  name: "kernel-recent",
  title: "the kernel is new enough",
  kind: "good",
  measures: "/proc/sys/kernel/osrelease",
  threshold: `${OLDEST} or newer`,
  source: "mmap(2): MAP_FIXED_NOREPLACE since Linux 4.17",
  gates: { engines: ["embedded"], tests: [] },
  remedy: `use Linux ${OLDEST} or newer`,
  run(host) {
    const release = osRelease(host);
    const number = release === undefined ? undefined : releaseNumber(release);
    if (release === undefined || number === undefined) return unknown("the release can't be read");
    return number >= (releaseNumber(OLDEST) ?? 0) ? yes(`Linux ${release}`) : no(`Linux ${release}`);
  },
};
