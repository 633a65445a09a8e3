/** Which of the matching tests a run takes, and in which order: shards, and an order by chance that can be had again. */
import { UsageError } from "../../errors/mod.ts";

/** One part of several that together are all tests. */
export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

/**
 * Reads `--shard i/n`.
 *
 * @throws {UsageError} If it is no such pair.
 */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= 1_000_000) return shard;
  throw new UsageError(`--shard takes i/n with 1 ≤ i ≤ n, such as 2/3: it is '${text}'`);
}

/** Takes every n-th test, so that the long ones of one manifest are spread over the shards. */
export function shardOf<T>(tests: readonly T[], { index, count }: Shard): T[] {
  return tests.filter((_, at) => at % count === index - 1);
}

/**
 * Brings things into an order by chance.
 *
 * @param seed The same one gives the same order, on every machine.
 */
export function shuffled<T>(things: readonly T[], seed: number): T[] {
  const random = mulberry32(seed);
  const order = [...things];
  // Fisher and Yates.
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** Tommy Ettinger's Mulberry32: 32 bits of state are plenty to shuffle a list of tests. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
