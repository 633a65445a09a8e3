/**
 * Translation info of a fragment in few bytes: which instruction of the program each stretch of its code belongs to. A compiler's
 * translations have a million of them, which are only read where a task is stopped by a signal or a fault.
 *
 * An entry is two or three numbers of variable length: the distance of its address from the one before, twice the
 * (zigzag) distance of its app pc, plus 1 if new bits follow.
 */

/** Bits of an entry, beside the flags that hold garbage (low 6 bits, iced's numbering). */
export const TRANSLATION = {
  rcx: 64,
  rax: 128,
  tickRcx: 256,
  tick: 512,
  jump: 1024,
  counting: 2048,
} as const;

/** What is marked for a cache pc. */
export interface Translation {
  address: number;
  pc: number;
  /** Of {@link TRANSLATION}. */
  bits: number;
}

/**
 * Packs translation info.
 *
 * @param triples Address, app pc and bits of each, in order of the addresses.
 * @param start Address that the first one's distance is from.
 * @param pc App pc that the first one's distance is from.
 */
export function packTranslationInfo(triples: readonly number[], start: number, pc: number): Uint8Array {
  // Three numbers of at most 8, 8 and 2 bytes.
  if (scratch.length < 6 * triples.length) scratch = new Uint8Array(12 * triples.length);
  let at = 0;
  let [lastAddress, lastPc, lastBits] = [start, pc, 0];
  for (let i = 0; i < triples.length; i += 3) {
    const address = triples[i]!;
    const distance = triples[i + 1]! - lastPc;
    const bits = triples[i + 2]!;
    at = put(at, address - lastAddress);
    at = put(at, 2 * (distance >= 0 ? 2 * distance : -2 * distance - 1) + (bits === lastBits ? 0 : 1));
    if (bits !== lastBits) at = put(at, bits);
    lastAddress = address;
    lastPc += distance;
    lastBits = bits;
  }
  return scratch.slice(0, at);
}

/** Where translation info is packed before their length is known. */
let scratch = new Uint8Array(1 << 16);

/** Puts a number of variable length at an offset of the scratch memory. @returns The offset behind it. */
function put(at: number, value: number): number {
  let to = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) scratch[to++] = (rest % 0x80) | 0x80;
  scratch[to++] = rest;
  return to;
}

/** The last entry of translation info at or before an address, of those that {@link packTranslationInfo} has packed from `start` and `pc` on. */
export function findTranslation(
  packed: Uint8Array,
  start: number,
  pc: number,
  address: number,
): Translation | undefined {
  let at = 0;
  const take = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = packed[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  };
  const translation: Translation = { address: start, pc, bits: 0 };
  let found = false;
  while (at < packed.length) {
    const next = translation.address + take();
    if (next > address) break;
    const coded = take();
    const zigzag = Math.floor(coded / 2);
    translation.address = next;
    translation.pc += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (coded % 2 === 1) translation.bits = take();
    found = true;
  }
  return found ? translation : undefined;
}
