/**
 * Processors that rr knows. On one that it does not know it refuses to start, whatever the counters could do.
 *
 * Source of the rows up to 5.6.0: what that release (Debian's 5.6.0-3) answers for every family and model; of the
 * others: PerfCounters_x86.h of https://github.com/rr-debugger/rr.
 */
import type { ProcessorId } from "../../ffi/mod.ts";

/** A microarchitecture as rr sees it. */
export interface RrCpu {
  readonly name: string;
  /** Known to releases after 5.6.0 only. */
  readonly newer: boolean;
  /** From Comet Lake on rr wants the counters to stand still in system management mode. */
  readonly needsFreezeOnSmi: boolean;
}

type Row = readonly [name: string, models: readonly number[], ...is: ("newer" | "smi")[]];

const INTEL: readonly Row[] = [
  ["Nehalem", [0x1a, 0x1e, 0x2e]],
  ["Westmere", [0x25, 0x2c, 0x2f]],
  ["Sandy Bridge", [0x2a, 0x2d, 0x3e]],
  ["Ivy Bridge", [0x3a]],
  ["Haswell", [0x3c, 0x3f, 0x45, 0x46]],
  ["Broadwell", [0x3d, 0x47, 0x4f, 0x56]],
  ["Skylake", [0x4e, 0x55, 0x5e]],
  ["Silvermont", [0x37, 0x4c, 0x57]],
  ["Goldmont", [0x5f, 0x7a]],
  ["Kaby Lake", [0x8e, 0x9e]],
  ["Comet Lake", [0xa5, 0xa6], "smi"],
  ["Ice Lake", [0x6a, 0x7e], "smi"],
  ["Tiger Lake", [0x8c, 0x8d], "smi"],
  ["Rocket Lake", [0xa7], "smi"],
  ["Alder Lake", [0x97, 0x9a], "smi"],
  ["Raptor Lake", [0xb7, 0xba, 0xbf], "smi", "newer"],
  ["Sapphire Rapids", [0x8f], "smi", "newer"],
  ["Emerald Rapids", [0xcf], "smi", "newer"],
  ["Granite Rapids", [0xad], "smi", "newer"],
  ["Meteor Lake", [0xaa], "smi", "newer"],
  ["Lunar Lake", [0xbd], "smi", "newer"],
  ["Arrow Lake", [0xc5, 0xc6], "smi", "newer"],
];
const AMD_15H: readonly Row[] = [["AMD Family 15h Revision 30h", [0x30]]];
const ZEN_MODELS = [0x01, 0x08, 0x11, 0x18, 0x20, 0x31, 0x60, 0x68, 0x71, 0x90];
const AMD_17H: readonly Row[] = [["AMD Zen", ZEN_MODELS]];
const AMD_19H: readonly Row[] = [
  ["AMD Zen", [...ZEN_MODELS, 0x21, 0x44, 0x50]],
  ["AMD Zen", [0x61, 0x74, 0x75], "newer"],
];
const AMD_1AH: readonly Row[] = [["AMD Zen 5", [0x24, 0x44], "newer"]];

/** Rows by vendor and family. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "GenuineIntel 6": INTEL,
  "AuthenticAMD 21": AMD_15H,
  "AuthenticAMD 23": AMD_17H,
  "AuthenticAMD 25": AMD_19H,
  "AuthenticAMD 26": AMD_1AH,
};

/** What rr takes the processor for; undefined where it refuses it. */
export function rrCpu({ vendor, family, model }: ProcessorId): RrCpu | undefined {
  const row = TABLE[`${vendor} ${family}`]?.find(([, models]) => models.includes(model));
  if (row === undefined) return undefined;
  const [name, , ...is] = row;
  return { name, newer: is.includes("newer"), needsFreezeOnSmi: is.includes("smi") };
}
