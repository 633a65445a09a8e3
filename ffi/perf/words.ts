/** Memory for readings, made once and used for every read. */

import { NativeBuffer } from "../memory/mod.ts";

/** Words that a {@link Counter} writes at a read: value, time enabled, time running. */
export const COUNTER_WORDS = 3;

/**
 * Words in memory that never moves, for reads on a hot path: `words.u64` goes to `read`, `words.address` to
 * machine code. An ordinary `BigUint64Array` works as well, but only for the length of each call.
 *
 * @param count How many; {@link COUNTER_WORDS} for each counter, `CounterGroup.words` for a group.
 * @returns The memory; its owner disposes it.
 */
export function nativeWords(count: number = COUNTER_WORDS): NativeBuffer {
  return NativeBuffer.map(count * BigUint64Array.BYTES_PER_ELEMENT);
}
