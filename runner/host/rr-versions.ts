/**
 * What each release of rr knows and does: which processors it recognises, which it takes for others, and what it asks of
 * its host. An installed rr is judged by its own row.
 *
 * Source: 5.6.0: what that release (Debian's 5.6.0-3) answers for every family and model. Later ones: rr's src/PerfCounters_x86.h
 * and PerfCounters.cc (compute_cpu_microarch, pmu_configs), at 01ae9d25aedf and as of October 2025, and the pull requests
 * that brought each line: #3390 and #3401 (2022), #3645 (2023), #3719 and #3720 (April 2024), #3758 (June 2024), #3853 (October
 * 2024), #3906 (January 2025), #3940, #3981, #3996 and #4028 (after 5.9.0).
 */
import type { ProcessorId } from "../../ffi/mod.ts";

/** Releases in order; `later` is what is in rr's repository and in no release yet. */
export const RR_RELEASES = ["5.6.0", "5.7.0", "5.8.0", "5.9.0", "later"] as const;
export type RrRelease = (typeof RR_RELEASES)[number];

/** Where no rr is installed, or none is told of: the newest release. */
export const NEWEST_RELEASE = "5.9.0" satisfies RrRelease;

/** What rr takes a processor for. */
export interface RrCpu {
  /** rr's own name for it. */
  readonly name: string;
  /** The first release that does so. */
  readonly since: RrRelease;
  /** From Comet Lake on rr wants the counters to stand still in system management mode. */
  readonly needsFreezeOnSmi: boolean;
  /** It is another one, whose events it then counts: what follows from that. */
  readonly mistaken?: string;
}

type Row = readonly [
  name: string,
  models: readonly number[],
  since: RrRelease,
  more?: { readonly smi?: true; readonly mistaken?: string },
];

const SMI = { smi: true } as const;

const INTEL: readonly Row[] = [
  ["Nehalem", [0x1a, 0x1e, 0x2e], "5.6.0"],
  ["Westmere", [0x25, 0x2c, 0x2f], "5.6.0"],
  ["Sandy Bridge", [0x2a, 0x2d, 0x3e], "5.6.0"],
  ["Ivy Bridge", [0x3a], "5.6.0"],
  ["Haswell", [0x3c, 0x3f, 0x45, 0x46], "5.6.0"],
  ["Broadwell", [0x3d, 0x47, 0x4f, 0x56], "5.6.0"],
  ["Skylake", [0x4e, 0x55, 0x5e], "5.6.0"],
  ["Silvermont", [0x37, 0x4c, 0x57], "5.6.0"],
  ["Goldmont", [0x5f, 0x7a], "5.6.0"],
  ["Goldmont", [0x5c], "5.8.0"],
  ["Tremont", [0x9c], "5.8.0"],
  ["Kaby Lake", [0x8e, 0x9e], "5.6.0"],
  ["Comet Lake", [0xa5, 0xa6], "5.6.0", SMI],
  ["Ice Lake", [0x6a, 0x7e], "5.6.0", SMI],
  [
    "Ice Lake",
    [0x86],
    "later",
    {
      mistaken: "it is a Tremont, on which the event that rr counts (0x11c4) is none of conditional branches",
    },
  ],
  ["Tiger Lake", [0x8c, 0x8d], "5.6.0", SMI],
  ["Rocket Lake", [0xa7], "5.6.0", SMI],
  ["Alder Lake", [0x97, 0x9a], "5.6.0", SMI],
  ["Raptor Lake", [0xb7], "5.7.0", SMI],
  ["Raptor Lake", [0xba, 0xbf], "5.8.0", SMI],
  ["Sapphire Rapids", [0x8f], "5.7.0", SMI],
  ["Emerald Rapids", [0xcf], "5.8.0", SMI],
  ["Meteor Lake", [0xaa], "5.9.0", SMI],
  ["Arrow Lake", [0xc6], "5.9.0", SMI],
  ["Arrow Lake", [0xc5], "later", SMI],
  ["Lunar Lake", [0xbd], "later", SMI],
  ["Granite Rapids", [0xad], "later", SMI],
  ["Gracemont", [0xbe], "later", SMI],
];

const FIFTEEN = "AMD Family 15h";
const AMD_15H: readonly Row[] = [
  [FIFTEEN, [0x30], "5.6.0"],
  [FIFTEEN, [0x02], "5.7.0"],
];
const ZEN_MODELS = [0x01, 0x08, 0x11, 0x18, 0x20, 0x31, 0x60, 0x68, 0x71, 0x90];
const AMD_17H: readonly Row[] = [["AMD Zen", ZEN_MODELS, "5.6.0"]];
const AMD_19H: readonly Row[] = [
  ["AMD Zen", [...ZEN_MODELS, 0x21, 0x44, 0x50], "5.6.0"],
  ["AMD Zen 4", [0x61], "5.7.0"],
  ["AMD Zen 4", [0x74], "5.8.0"],
  ["AMD Zen 4", [0x75], "5.9.0"],
];
const AMD_1AH: readonly Row[] = [
  ["AMD Zen 5", [0x24], "5.9.0"],
  // `case 0x40f40` is Rembrandt's, whatever the family; Granite Ridge counts as that does.
  ["AMD Zen 3", [0x44], "5.9.0"],
  ["AMD Zen 5", [0x60, 0x70], "later"],
  [
    FIFTEEN,
    // `case 0xf20` is Piledriver's, whatever the family.
    [0x02],
    "5.7.0",
    {
      mistaken:
        "it is EPYC Turin (Zen 5): rr counts taken branches (0xc4 less 0xc6) there, and does not look for SpecLockMap",
    },
  ],
];

/** Rows by vendor and family. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "GenuineIntel 6": INTEL,
  "AuthenticAMD 21": AMD_15H,
  "AuthenticAMD 23": AMD_17H,
  "AuthenticAMD 25": AMD_19H,
  "AuthenticAMD 26": AMD_1AH,
};

/** Whether a release is that one or a newer one. */
export function isSince(release: RrRelease, since: RrRelease): boolean {
  return RR_RELEASES.indexOf(release) >= RR_RELEASES.indexOf(since);
}

/** What some release of rr takes the processor for; undefined where all of them refuse it. */
export function rrCpu({ vendor, family, model }: ProcessorId): RrCpu | undefined {
  const row = TABLE[`${vendor} ${family}`]?.find(([, models]) => models.includes(model));
  if (row === undefined) return undefined;
  const [name, , since, more = {}] = row;
  const { smi = false, mistaken } = more;
  return { name, since, needsFreezeOnSmi: smi, ...(mistaken !== undefined && { mistaken }) };
}

/** How a release is called in words. */
export function releaseWords(release: RrRelease): string {
  return release === "later" ? "rr's repository (no release yet)" : release;
}

/**
 * The row that a version belongs to: the newest release that is not newer than it. What is built from the repository
 * calls itself by the release before.
 *
 * @param version As `rr --version` tells it: "5.6.0".
 * @returns The release; undefined for a version before the first row.
 */
export function releaseOf(version: string): RrRelease | undefined {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const released = RR_RELEASES.filter((release) => release !== "later");
  const [, newest = 0] = NEWEST_RELEASE.split(".").map(Number);
  if (major > 5 || (major === 5 && minor > newest)) return "later";
  return released.findLast((release) => {
    const [, own = 0] = release.split(".").map(Number);
    return major === 5 && minor >= own;
  });
}

/** Release from which rr hears of context switches by records where it may not count them, and the kernel that lets it. */
export const SWITCH_RECORDS = { release: "5.9.0", kernel: [6, 10] } as const;
