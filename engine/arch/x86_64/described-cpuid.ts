/**
 * cpuid of a described host: what it says of itself, but never of an instruction that the real processor does not
 * have. C libraries choose their string functions by these bits.
 */
import type { CpuidResult } from "../../../ffi/mod.ts";
import { type AskProcessor, askProcessor } from "./visible-cpuid.ts";

const EAX = 0;
const EBX = 1;
const ECX = 2;
const EDX = 3;

/** Registers that hold feature bits, by leaf (Intel SDM vol. 2, CPUID; AMD APM vol. 3, appendix E). */
const FEATURES: ReadonlyMap<number, readonly number[]> = new Map([
  [1, [ECX, EDX]],
  [7, [EBX, ECX, EDX]],
  [0x19, [EBX]],
  [0x24, [EBX]],
  [0x8000_0001, [ECX, EDX]],
  [0x8000_0007, [EBX, EDX]],
  [0x8000_0008, [EBX]],
  [0x8000_0021, [EAX]],
]);

/** State that XSAVE moves: sizes and offsets have to be those of the real processor. */
const XSAVE = 0xd;

/** Bits that say something of the host rather than of an instruction: leaf, subleaf, register, bits. */
const DESCRIBED: readonly (readonly [number, number, number, number])[] = [
  [1, 0, ECX, (1 << 31) | (1 << 15)], // a hypervisor is there; PDCM: capabilities of counters
  [7, 0, EBX, 1 << 4], // HLE: prefixes, which every processor takes
  [7, 0, EDX, (1 << 11) | (1 << 13)], // RTM_ALWAYS_ABORT, TSX_FORCE_ABORT
  [0x8000_0001, 0, ECX, (1 << 23) | (1 << 24)], // AMD's extended counters
];

/**
 * What cpuid says on the described host.
 *
 * @param host The described one.
 * @param real What programs see of the real processor; another one may be given for tests.
 */
export function describedProcessor(
  host: { cpuid: AskProcessor },
  leaf: number,
  subleaf: number,
  real: AskProcessor = askProcessor,
): CpuidResult {
  if (leaf === XSAVE) return real(leaf, subleaf);
  const result: [number, number, number, number] = [...host.cpuid(leaf, subleaf)];
  let features = FEATURES.get(leaf);
  // All of the further subleaves are features; eax of the first one counts them.
  if (leaf === 7 && subleaf > 0) features = [EAX, EBX, ECX, EDX];
  if (!features) return result;
  const own = real(leaf, subleaf);
  for (const register of features) {
    const free = DESCRIBED.reduce(
      (bits, [at, sub, in_, mask]) =>
        at === leaf && sub === subleaf && in_ === register ? bits | mask : bits,
      0,
    );
    result[register] = (result[register]! & (own[register]! | free)) >>> 0;
  }
  return result;
}
