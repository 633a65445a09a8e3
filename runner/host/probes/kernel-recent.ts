import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";
import { osRelease, releaseNumber } from "./_release.ts";

/** What Bun asks for. The engine's own newest call, MAP_FIXED_NOREPLACE (4.17), older kernels take for a hint. */
const OLDEST = "5.1";

/** The kernel of this machine, or of the guest. */
export const kernelRecent: Probe = {
  name: "kernel-recent",
  title: "the kernel is new enough",
  kind: "good",
  measures: "/proc/sys/kernel/osrelease",
  threshold: `${OLDEST} or newer`,
  source: "https://bun.sh/docs/installation: Linux 5.1 at least; mmap(2), MAP_FIXED_NOREPLACE",
  gates: { engines: [], limits: ["embedded"], tests: [] },
  remedy: `use Linux ${OLDEST} or newer`,
  run(host) {
    const release = osRelease(host);
    const number = release === undefined ? undefined : releaseNumber(release);
    if (release === undefined || number === undefined) return unknown("the release can't be read");
    return number >= (releaseNumber(OLDEST) ?? 0) ? yes(`Linux ${release}`) : no(`Linux ${release}`);
  },
};
