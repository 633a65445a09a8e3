/**
 * What `cpuid` and `xgetbv` tell programs under the engine: what they announce has to work. Hidden are transactions
 * (always aborted), shadow stacks and branch tracking (the code cache has none), protection keys (they would stop the
 * engine), waiting in user mode, and tiles (AMX): the permission that a program has to ask for is refused
 * (`kernel/table/arch-prctl.ts`), since a replay would lack it.
 *
 * Source: Intel SDM vol. 2, CPUID; vol. 1, 13.2 for leaf 0xd and 18.2 for tiles.
 */
import { type CpuidResult, cpuid } from "../../../ffi/mod.ts";

/** What `cpuid` says: eax, ebx, ecx, edx. */
export type ProcessorWords = CpuidResult;

/** Answers `cpuid` with eax and ecx as given. */
export type AskProcessor = (leaf: number, subleaf: number) => ProcessorWords;

/** Hidden feature bits of leaf 7, by subleaf: eax, ebx, ecx, edx. */
const LEAF_7: readonly CpuidResult[] = [
  [
    0,
    (1 << 4) | (1 << 11), // HLE, RTM
    (1 << 3) | (1 << 4) | (1 << 5) | (1 << 7), // PKU, OSPKE, WAITPKG, CET_SS
    // RTM_ALWAYS_ABORT, TSX_FORCE_ABORT, CET_IBT, AMX-BF16, AMX-TILE, AMX-INT8
    (1 << 11) | (1 << 13) | (1 << 20) | (1 << 22) | (1 << 24) | (1 << 25),
  ],
  [1 << 21, 0, 0, 1 << 8], // AMX-FP16; AMX-COMPLEX
];

/** The kernel's names of these in /proc/cpuinfo (arch/x86/include/asm/cpufeatures.h, Linux 6.18). */
export const HIDDEN_FLAGS: ReadonlySet<string> = new Set([
  ...["hle", "rtm", "pku", "ospke", "waitpkg", "shstk", "user_shstk", "ibt"],
  ...["amx_bf16", "amx_tile", "amx_int8", "amx_fp16", "amx_complex"],
]);

/** Components of the extended state that only tiles have: TILECFG and TILEDATA. */
const TILE_COMPONENTS = [17, 18] as const;
/** Their bits in XCR0. */
export const TILE_STATE = 0x60000;

/** Leaves that describe the extended state, and tiles. */
const EXTENDED_STATE = 0xd;
const TILES = [0x1d, 0x1e];

/** The legacy region and the header of an XSAVE area, in bytes: where the first component begins. */
const XSAVE_BASE = 576;
/** Components beyond x87 and SSE that XCR0's lower half can name. */
const COMPONENTS = Array.from({ length: 30 }, (_, i) => i + 2);

/**
 * What programs see of a processor.
 *
 * @param real What it says itself. @default this processor
 */
export function askProcessor(leaf: number, subleaf: number, real: AskProcessor = cpuid): CpuidResult {
  const found = real(leaf, subleaf);
  if (leaf === 7) {
    const hidden = LEAF_7[subleaf];
    return hidden ? without(found, hidden) : found;
  }
  if (TILES.includes(leaf)) return [0, 0, 0, 0];
  return leaf === EXTENDED_STATE ? withoutTiles(found, subleaf, real) : found;
}

function without([eax, ebx, ecx, edx]: CpuidResult, [a, b, c, d]: CpuidResult): CpuidResult {
  return [(eax & ~a) >>> 0, (ebx & ~b) >>> 0, (ecx & ~c) >>> 0, (edx & ~d) >>> 0];
}

/** Leaf 0xd: the components, and the room that an XSAVE area needs for them. */
function withoutTiles(found: CpuidResult, subleaf: number, real: AskProcessor): CpuidResult {
  const [components, enabled, supported, edx] = found;
  if (TILE_COMPONENTS.some((component) => component === subleaf)) return [0, 0, 0, 0];
  if (subleaf !== 0 || (components & TILE_STATE) === 0) return found;
  const left = (components & ~TILE_STATE) >>> 0;
  const room = COMPONENTS.filter((component) => (left & (1 << component)) !== 0).reduce((end, component) => {
    const [size, offset] = real(EXTENDED_STATE, component);
    return Math.max(end, offset + size);
  }, XSAVE_BASE);
  return [left, Math.min(enabled, room), Math.min(supported, room), edx];
}
