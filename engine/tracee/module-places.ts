/**
 * Where things lie that are shared by recordings: the same text has to be at the same address, and its translations too,
 * for these to be of use without a change.
 *
 * A library lies in a slot of a zone of its own, which follows from its file: text in the lower half, translations in the
 * upper one. What the kernel itself places at an execve (program and dynamic loader) has fixed places.
 */

/** The zone: where libraries lie natively too, and where the sanitizers of threads and memory expect them. */
const ZONE = 0x7f0000000000;
const ZONE_END = 0x7fc000000000;
const SLOT = 0x10000000;
const SLOTS = (ZONE_END - ZONE) / SLOT;
/** Most bytes of a library in a slot. */
export const SLOT_ROOM = SLOT / 2;

/** Where translations of programs and loaders end, by where these lie; the cache space's own regions keep off. */
const FIXED = [
  { from: 0, to: 0x40000000, end: 0x40000000 },
  { from: 0x555540000000, to: 0x555580000000, end: 0x555538000000 },
  { from: 0x7ffff0000000, to: 0x800000000000, end: 0x7fffd8000000 },
] as const;

/** Bytes of cache for each byte of text: all of it would fit. */
const EXPANSION = 8;
const MIN_SIZE = 1 << 20;
const MAX_SIZE = SLOT / 2;

/** Where the translations of the text in [start, end) lie, and in how much memory; undefined if it has no place. */
export function placeOfModule(start: number, end: number): { base: number; size: number } | undefined {
  let size = MIN_SIZE;
  while (size < MAX_SIZE && size < EXPANSION * (end - start)) size *= 2;
  if (start >= ZONE && end <= ZONE_END) {
    const base = start - ((start - ZONE) % SLOT) + SLOT / 2;
    return end <= base ? { base, size } : undefined;
  }
  const fixed = FIXED.find(({ from, to }) => start >= from && end <= to);
  if (!fixed || (start < fixed.end && end > fixed.end - size)) return undefined;
  return { base: fixed.end - size, size };
}

/**
 * The place of a library of which nothing is mapped yet.
 *
 * @param identity What the place follows from.
 * @param isFree Whether nothing is in [start, end).
 * @returns undefined if there is none.
 */
export function placeOfLibrary(
  identity: string,
  size: number,
  isFree: (start: number, end: number) => boolean,
): number | undefined {
  if (size > SLOT_ROOM) return undefined;
  const first = Number(Bun.hash.xxHash64(identity) % BigInt(SLOTS));
  for (let i = 0; i < SLOTS; i++) {
    const start = ZONE + ((first + i) % SLOTS) * SLOT;
    if (isFree(start, start + SLOT)) return start;
  }
  return undefined;
}
