/**
 * Which cores a processor has: a table by vendor, family, model and stepping.
 * Source: Linux 6.18, arch/arm64/include/asm/cputype.h (parts of aarch64); arch/x86/include/asm/intel-family.h; arch/x86/kernel/cpu/amd.c (`bsp_init_amd` tells the Zens apart;
 * models 0xd0…0xef of Zen 6 are of a later patch);
 * AMD's Revision Guides. Steppings only where two cores share a model.
 */

import type { CoreName } from "./cores.ts";
import type { ProcessorId } from "./processor.ts";

/** A processor line. */
export interface Microarchitecture {
  /** As its vendor calls the processors: "Alder Lake". */
  readonly name: string;
  /** Its cores; of a hybrid processor the performance cores. */
  readonly core: CoreName;
  /** The efficient cores of a hybrid processor. */
  readonly efficient?: CoreName;
}

/** A number, or the first and the last of a range. */
type Range = number | readonly [first: number, last: number];

interface Row extends Microarchitecture {
  readonly models: readonly Range[];
  readonly steppings?: Range;
}

const INTEL_6: readonly Row[] = [
  { name: "Nehalem", core: "Nehalem", models: [0x1a, 0x1e, 0x1f, 0x2e] },
  { name: "Westmere", core: "Westmere", models: [0x25, 0x2c, 0x2f] },
  { name: "Sandy Bridge", core: "Sandy Bridge", models: [0x2a, 0x2d] },
  { name: "Ivy Bridge", core: "Ivy Bridge", models: [0x3a, 0x3e] },
  { name: "Haswell", core: "Haswell", models: [0x3c, 0x3f, 0x45, 0x46] },
  { name: "Broadwell", core: "Broadwell", models: [0x3d, 0x47, 0x4f, 0x56] },
  { name: "Skylake", core: "Skylake", models: [0x4e, 0x5e] },
  { name: "Skylake-X", core: "Skylake", models: [0x55], steppings: [0, 4] },
  { name: "Cascade Lake", core: "Cascade Lake", models: [0x55], steppings: [5, 9] },
  { name: "Cooper Lake", core: "Cooper Lake", models: [0x55], steppings: [10, 15] },
  { name: "Kaby Lake", core: "Kaby Lake", models: [0x8e, 0x9e], steppings: [0, 9] },
  { name: "Coffee Lake", core: "Coffee Lake", models: [0x9e], steppings: [10, 15] },
  { name: "Coffee, Whiskey or Comet Lake", core: "Coffee Lake", models: [0x8e], steppings: [10, 15] },
  { name: "Comet Lake", core: "Comet Lake", models: [0xa5, 0xa6] },
  { name: "Ice Lake", core: "Sunny Cove", models: [0x6a, 0x6c, 0x7d, 0x7e, 0x9d] },
  { name: "Lakefield", core: "Sunny Cove", efficient: "Tremont", models: [0x8a] },
  { name: "Rocket Lake", core: "Cypress Cove", models: [0xa7] },
  { name: "Tiger Lake", core: "Willow Cove", models: [0x8c, 0x8d] },
  { name: "Sapphire Rapids", core: "Golden Cove", models: [0x8f] },
  { name: "Emerald Rapids", core: "Raptor Cove", models: [0xcf] },
  { name: "Granite Rapids", core: "Redwood Cove", models: [0xad, 0xae] },
  { name: "Alder Lake", core: "Golden Cove", efficient: "Gracemont", models: [0x97, 0x9a] },
  { name: "Raptor Lake", core: "Raptor Cove", efficient: "Gracemont", models: [0xb7, 0xba, 0xbf] },
  { name: "Meteor Lake", core: "Redwood Cove", efficient: "Crestmont", models: [0xaa, 0xac] },
  { name: "Arrow Lake-U", core: "Redwood Cove", efficient: "Crestmont", models: [0xb5] },
  { name: "Arrow Lake", core: "Lion Cove", efficient: "Skymont", models: [0xc5, 0xc6] },
  { name: "Lunar Lake", core: "Lion Cove", efficient: "Skymont", models: [0xbd] },
  { name: "Panther Lake", core: "Cougar Cove", efficient: "Darkmont", models: [0xcc] },
  { name: "Clearwater Forest", core: "Darkmont", models: [0xdd] },
  { name: "Silvermont", core: "Silvermont", models: [0x37, 0x4a, 0x4d] },
  { name: "Airmont", core: "Airmont", models: [0x4c, 0x5a, 0x75] },
  { name: "Knights Landing", core: "Knights Landing", models: [0x57] },
  { name: "Knights Mill", core: "Knights Mill", models: [0x85] },
  { name: "Goldmont", core: "Goldmont", models: [0x5c, 0x5f] },
  { name: "Goldmont Plus", core: "Goldmont Plus", models: [0x7a] },
  { name: "Tremont", core: "Tremont", models: [0x86, 0x96, 0x9c] },
  { name: "Alder Lake-N", core: "Gracemont", models: [0xbe] },
  { name: "Sierra Forest", core: "Crestmont", models: [0xaf] },
  { name: "Grand Ridge", core: "Crestmont", models: [0xb6] },
];

const AMD_15H: readonly Row[] = [
  { name: "Bulldozer", core: "Bulldozer", models: [[0x00, 0x01]] },
  { name: "Piledriver", core: "Piledriver", models: [0x02, [0x10, 0x1f]] },
  { name: "Steamroller", core: "Steamroller", models: [[0x30, 0x3f]] },
  { name: "Excavator", core: "Excavator", models: [[0x60, 0x7f]] },
];

const AMD_17H: readonly Row[] = [
  { name: "Zen+", core: "Zen+", models: [0x08, 0x18] },
  {
    name: "Zen",
    core: "Zen",
    models: [
      [0x00, 0x07],
      [0x09, 0x17],
      [0x19, 0x2f],
      [0x50, 0x5f],
    ],
  },
  { name: "Zen 2", core: "Zen 2", models: [[0x30, 0x4f], [0x60, 0x7f], 0x84, [0x90, 0x91], [0xa0, 0xaf]] },
];

const AMD_19H: readonly Row[] = [
  {
    name: "Zen 3",
    core: "Zen 3",
    models: [
      [0x00, 0x0f],
      [0x20, 0x5f],
    ],
  },
  {
    name: "Zen 4",
    core: "Zen 4",
    models: [
      [0x10, 0x1f],
      [0x60, 0xaf],
    ],
  },
];

/** EPYC Turin is model 0x02, with dense cores 0x11. */
const AMD_1AH: readonly Row[] = [
  { name: "EPYC Turin (Zen 5)", core: "Zen 5", models: [0x02, 0x11] },
  {
    name: "Zen 5",
    core: "Zen 5",
    models: [
      [0x00, 0x2f],
      [0x40, 0x4f],
      [0x60, 0x7f],
    ],
  },
  {
    name: "Zen 6",
    core: "Zen 6",
    models: [
      [0x50, 0x5f],
      [0x80, 0xaf],
      [0xc0, 0xef],
    ],
  },
];

/** By part number. The Apples are told by their performance core; processors 0 are efficient ones. */
const ARM: readonly Row[] = [
  { name: "Neoverse N1", core: "Neoverse N1", models: [0xd0c] },
  { name: "Neoverse N2", core: "Neoverse N2", models: [0xd49] },
  { name: "Neoverse V1", core: "Neoverse V1", models: [0xd40] },
  { name: "Neoverse V2", core: "Neoverse V2", models: [0xd4f] },
];
/** Its part number is that of the Neoverse N2, of whose revision r0p0 it is made. */
const MICROSOFT: readonly Row[] = [{ name: "Azure Cobalt 100", core: "Neoverse N2", models: [0xd49] }];
const AMPERE: readonly Row[] = [{ name: "AmpereOne", core: "AmpereOne", models: [0xac3] }];
const APPLE: readonly Row[] = [
  {
    name: "Apple M1",
    core: "Firestorm",
    efficient: "Icestorm",
    models: [
      [0x22, 0x25],
      [0x28, 0x29],
    ],
  },
  {
    name: "Apple M2",
    core: "Avalanche",
    efficient: "Blizzard",
    models: [
      [0x32, 0x35],
      [0x38, 0x39],
    ],
  },
];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "GenuineIntel 6": INTEL_6,
  "AuthenticAMD 21": AMD_15H,
  "AuthenticAMD 23": AMD_17H,
  "AuthenticAMD 25": AMD_19H,
  "AuthenticAMD 26": AMD_1AH,
  "ARM 8": ARM,
  "Ampere 8": AMPERE,
  "Microsoft 8": MICROSOFT,
  "Apple 8": APPLE,
  "HygonGenuine 24": [{ name: "Hygon Dhyana (Zen)", core: "Zen", models: [[0x00, 0x0f]] }],
};

function within(range: Range, value: number): boolean {
  return typeof range === "number" ? range === value : range[0] <= value && value <= range[1];
}

/** The line that a processor is of; undefined if the table does not know it. The first row that fits counts. */
export function microarchitecture({
  vendor,
  family,
  model,
  stepping,
}: ProcessorId): Microarchitecture | undefined {
  const row = ROWS[`${vendor} ${family}`]?.find(
    ({ models, steppings }) =>
      models.some((range) => within(range, model)) &&
      (steppings === undefined || within(steppings, stepping)),
  );
  if (row === undefined) return undefined;
  const { name, core, efficient } = row;
  return efficient === undefined ? { name, core } : { name, core, efficient };
}
