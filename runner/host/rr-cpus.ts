/**
 * Processors that rr knows, with the event that it counts ticks by. On a processor that it does not know it
 * refuses to start, whatever the counters could do.
 *
 * Source of the rows up to 5.6.0: what that release (Debian's 5.6.0-3) answers for every family and model; of the
 * others: PerfCounters_x86.h of https://github.com/rr-debugger/rr.
 */
import type { Cpu } from "./cpu.ts";

/** A microarchitecture as rr sees it. */
export interface RrCpu {
  readonly name: string;
  /** Raw config of retired conditional branches. */
  readonly ticks: bigint;
  /** Known to releases after 5.6.0 only. */
  readonly newer: boolean;
  /** From Comet Lake on rr wants the counters to stand still in system management mode. */
  readonly needsFreezeOnSmi: boolean;
}

type Row = readonly [name: string, ticks: bigint, models: readonly number[], ...is: ("newer" | "smi")[]];

const CORE = 0x5101c4n;
const COVE = 0x5111c4n;
const LION_COVE = 0x100_0051_11c4n;
const ATOM = 0x517ec4n;
const ZEN = 0x5100d1n;

const INTEL: readonly Row[] = [
  ["Nehalem", CORE, [0x1a, 0x1e, 0x2e]],
  ["Westmere", CORE, [0x25, 0x2c, 0x2f]],
  ["Sandy Bridge", CORE, [0x2a, 0x2d, 0x3e]],
  ["Ivy Bridge", CORE, [0x3a]],
  ["Haswell", CORE, [0x3c, 0x3f, 0x45, 0x46]],
  ["Broadwell", CORE, [0x3d, 0x47, 0x4f, 0x56]],
  ["Skylake", CORE, [0x4e, 0x55, 0x5e]],
  ["Silvermont", ATOM, [0x37, 0x4c, 0x57]],
  ["Goldmont", ATOM, [0x5f, 0x7a]],
  ["Kaby Lake", CORE, [0x8e, 0x9e]],
  ["Comet Lake", CORE, [0xa5, 0xa6], "smi"],
  ["Ice Lake", COVE, [0x6a, 0x7e], "smi"],
  ["Tiger Lake", COVE, [0x8c, 0x8d], "smi"],
  ["Rocket Lake", COVE, [0xa7], "smi"],
  ["Alder Lake", COVE, [0x97, 0x9a], "smi"],
  ["Raptor Lake", COVE, [0xb7, 0xba, 0xbf], "smi", "newer"],
  ["Sapphire Rapids", COVE, [0x8f], "smi", "newer"],
  ["Emerald Rapids", COVE, [0xcf], "smi", "newer"],
  ["Granite Rapids", COVE, [0xad], "smi", "newer"],
  ["Meteor Lake", COVE, [0xaa], "smi", "newer"],
  ["Lunar Lake", LION_COVE, [0xbd], "smi", "newer"],
  ["Arrow Lake", LION_COVE, [0xc5, 0xc6], "smi", "newer"],
];
const AMD_15H: readonly Row[] = [["AMD Family 15h Revision 30h", 0xc4n, [0x30]]];
const ZEN_MODELS = [0x01, 0x08, 0x11, 0x18, 0x20, 0x31, 0x60, 0x68, 0x71, 0x90];
const AMD_17H: readonly Row[] = [["AMD Zen", ZEN, ZEN_MODELS]];
const AMD_19H: readonly Row[] = [
  ["AMD Zen", ZEN, [...ZEN_MODELS, 0x21, 0x44, 0x50]],
  ["AMD Zen", ZEN, [0x61, 0x74, 0x75], "newer"],
];
const AMD_1AH: readonly Row[] = [["AMD Zen 5", ZEN, [0x24, 0x44], "newer"]];

/** Rows by vendor and family. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "GenuineIntel 6": INTEL,
  "AuthenticAMD 21": AMD_15H,
  "AuthenticAMD 23": AMD_17H,
  "AuthenticAMD 25": AMD_19H,
  "AuthenticAMD 26": AMD_1AH,
};

/** What rr takes the processor for; undefined where it refuses it. */
export function rrCpu({ vendor, family, model }: Cpu): RrCpu | undefined {
  const row = TABLE[`${vendor} ${family}`]?.find(([, , models]) => models.includes(model));
  if (row === undefined) return undefined;
  const [name, ticks, , ...is] = row;
  return { name, ticks, newer: is.includes("newer"), needsFreezeOnSmi: is.includes("smi") };
}
