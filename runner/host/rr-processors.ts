/**
 * Which processors each release of rr recognises, and as what: its switch over cpuid leaf 1 on x86, and over MIDR_EL1 on
 * aarch64. rr does not always look at the family, so that it takes some processors for others.
 *
 * Source: rr's src/PerfCounters_x86.h and PerfCounters_aarch64.h, compute_cpu_microarch, and PerfCounters.cc, pmu_configs.
 * - 5.6.0: what Debian's 5.6.0-3 answers for every family and model, and the names in its pmu_configs.
 * - 5.7.0 and 5.9.0: the releases' own archives.
 * - 5.8.0: 5.7.0, and the eight lines by which its refusal has moved (line 121 in 5.7.0, 129 in issue 3914) that commit
 *   ca5c4d91773c, which is newer, has beside its division of the Zens.
 * - 5.10.0: what the switch and the pmu_configs in Debian's programs of 5.10.0-1 (amd64 and arm64) answer for every value.
 */

/** Releases in order. */
export const RR_RELEASES = ["5.6.0", "5.7.0", "5.8.0", "5.9.0", "5.10.0"] as const;
export type RrRelease = (typeof RR_RELEASES)[number];

/** The newest of them: where no rr is installed, or none is told of, it is the one that is meant. */
export const NEWEST_RELEASE = "5.10.0" satisfies RrRelease;

/** A case of the switch. */
export interface RrCase {
  /** rr's own name for it. */
  readonly name: string;
  /** Values of cpuid leaf 1, eax, masked by 0xf0ff0. */
  readonly types: readonly number[];
  /** Extended families that the case asks for; any where it does not ask. */
  readonly families?: readonly number[];
  /** First release that has it, and the last one. @default "5.6.0", and all newer ones */
  readonly since?: RrRelease;
  readonly until?: RrRelease;
}

const INTEL: readonly RrCase[] = [
  { name: "Nehalem", types: [0x106a0, 0x106e0, 0x206e0] },
  { name: "Westmere", types: [0x20650, 0x206c0, 0x206f0] },
  { name: "Sandy Bridge", types: [0x206a0, 0x206d0, 0x306e0] },
  { name: "Ivy Bridge", types: [0x306a0] },
  { name: "Haswell", types: [0x306c0, 0x306f0, 0x40650, 0x40660] },
  { name: "Broadwell", types: [0x306d0, 0x40670, 0x406f0, 0x50660] },
  { name: "Skylake", types: [0x406e0, 0x50650, 0x506e0] },
  { name: "Silvermont", types: [0x30670, 0x406c0, 0x50670] },
  { name: "Goldmont", types: [0x506f0, 0x706a0] },
  { name: "Goldmont", types: [0x506c0], since: "5.7.0" },
  { name: "Goldmont", types: [0x906c0], since: "5.7.0", until: "5.7.0" },
  { name: "Tremont", types: [0x906c0], since: "5.8.0" },
  { name: "Kaby Lake", types: [0x806e0, 0x906e0] },
  { name: "Comet Lake", types: [0xa0650, 0xa0660] },
  { name: "Ice Lake", types: [0x706e0, 0x606a0] },
  { name: "Ice Lake", types: [0x80660], since: "5.8.0" },
  { name: "Tiger Lake", types: [0x806c0, 0x806d0] },
  { name: "Rocket Lake", types: [0xa0670] },
  { name: "Alder Lake", types: [0x90670, 0x906a0] },
  { name: "Raptor Lake", types: [0xb0670], since: "5.7.0" },
  { name: "Raptor Lake", types: [0xb06a0, 0xb06f0], since: "5.8.0" },
  { name: "Sapphire Rapids", types: [0x806f0], since: "5.7.0" },
  { name: "Emerald Rapids", types: [0xc06f0], since: "5.8.0" },
  { name: "Meteor Lake", types: [0xa06a0], since: "5.9.0" },
  { name: "Arrow Lake", types: [0xc0660], since: "5.9.0" },
  { name: "Arrow Lake", types: [0xc0650, 0xb0650], since: "5.10.0" },
  { name: "Lunar Lake", types: [0xb06d0], since: "5.10.0" },
  { name: "Granite Rapids", types: [0xa06d0], since: "5.10.0" },
  // Alder Lake-N, which has no other cores.
  { name: "Gracemont", types: [0xb06e0], since: "5.10.0" },
];

/** Extended families: what is added to 0xf. */
const F12 = 3;
const F17 = 8;
const F19 = 0xa;
const F1A = 0xb;
const FIFTEEN = "AMD Family 15h";
const ROME = [0x30f10, 0x60f00, 0x70f10, 0x60f80, 0x90f00];

const AMD: readonly RrCase[] = [
  { name: FIFTEEN, types: [0x30f00] },
  { name: FIFTEEN, types: [0xf20], since: "5.9.0" },
  { name: FIFTEEN, types: [0xf10], families: [F12] },
  // Until the Zens were told apart, all models of the families 17h and 19h stood in one case.
  {
    name: "AMD Zen",
    types: [0xf10, 0x10f10, 0x10f80, 0x20f00, 0xf80, ...ROME],
    families: [F17, F19],
    until: "5.8.0",
  },
  { name: "AMD Zen", types: [0x20f10, 0x50f00, 0x40f40], families: [F19], until: "5.8.0" },
  { name: "AMD Zen", types: [0x60f10], families: [F19], since: "5.7.0", until: "5.8.0" },
  { name: "AMD Zen", types: [0x70f40, 0x70f50], families: [F19], since: "5.8.0", until: "5.8.0" },
  { name: "AMD Zen", types: [0xf10, 0xf80, 0x10f10, 0x10f80, 0x20f00], families: [F17], since: "5.9.0" },
  { name: "AMD Zen 3", types: [0xf10, 0xf80], families: [F19], since: "5.9.0" },
  { name: "AMD Zen 2", types: [0x10f10, 0x10f80, 0x20f00], families: [F19], since: "5.9.0" },
  { name: "AMD Zen 2", types: ROME, families: [F17], since: "5.9.0" },
  { name: "AMD Zen 5", types: ROME, families: [F1A], since: "5.10.0" },
  { name: "AMD Zen 5", types: [0x70f00], since: "5.10.0" },
  { name: "AMD Zen 3", types: [0x20f10, 0x50f00, 0x40f40], since: "5.9.0" },
  { name: "AMD Zen 4", types: [0x60f10, 0x70f40, 0x70f50], since: "5.9.0" },
  { name: "AMD Zen 5", types: [0x20f40], since: "5.9.0" },
];

/** Cases of the processors of x86. */
export const RR_CASES: readonly RrCase[] = [...INTEL, ...AMD];

/** rr's name for a core of aarch64, its part number, the first release; `false`: rr has no event for it. */
export type RrArmCore = readonly [name: string, parts: readonly number[], since?: RrRelease, counted?: false];

/** Cores of aarch64 by implementer, as `ProcessorId` calls it. */
export const RR_ARM_CORES: Readonly<Record<string, readonly RrArmCore[]>> = {
  ARM: [
    ["ARM Neoverse N1", [0xd0c]],
    ["ARM Neoverse N2", [0xd49]],
    ["ARM Neoverse N3", [0xd8e], "5.9.0"],
    ["ARM Neoverse V1", [0xd40]],
    ["ARM Neoverse V2", [0xd4f], "5.9.0"],
    ["ARM Neoverse V3AE", [0xd83], "5.9.0"],
    ["ARM Neoverse V3", [0xd84], "5.9.0"],
    ["ARM Cortex A76", [0xd0b]],
    ["ARM Cortex A77", [0xd0d]],
    ["ARM Cortex A78", [0xd41, 0xd4b]],
    ["ARM Cortex X1", [0xd44, 0xd4c]],
    ["ARM Cortex A720", [0xd81], "5.10.0"],
    ["ARM Neoverse E1", [0xd4a], "5.6.0", false],
    ["ARM Cortex A55", [0xd05], "5.6.0", false],
    ["ARM Cortex A75", [0xd0a], "5.6.0", false],
    ["ARM Cortex A520", [0xd80], "5.10.0", false],
  ],
  Ampere: [["AmpereOne", [0xac3], "5.9.0"]],
  Qualcomm: [["Qualcomm Oryon X1", [0x001], "5.10.0"]],
  Apple: [
    ["Apple M1 Icestorm", [0x22]],
    ["Apple M1 Firestorm", [0x23]],
    // M1 Pro, Max and Ultra.
    ["Apple M1 Icestorm", [0x24, 0x28], "5.7.0"],
    ["Apple M1 Firestorm", [0x25, 0x29], "5.7.0"],
    ["Apple M2 Blizzard", [0x32], "5.7.0"],
    ["Apple M2 Avalanche", [0x33], "5.7.0"],
    ["Apple M2 Blizzard", [0x34, 0x38], "5.9.0"],
    ["Apple M2 Avalanche", [0x35, 0x39], "5.9.0"],
  ],
};
