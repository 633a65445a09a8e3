import { test } from "bun:test";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../errors/mod.ts";
import { parseShard, shardOf, shuffled } from "./selection.ts";

const NUMBERS = Array.from({ length: 20 }, (_, i) => i);

test("shardOf() gives every test to exactly one shard", () => {
  const shards = [1, 2, 3].map((index) => shardOf(NUMBERS, { index, count: 3 }));
  assertEquals(
    shards.flat().toSorted((a, b) => a - b),
    NUMBERS,
  );
  assertEquals(
    shards.map(({ length }) => length),
    [7, 7, 6],
  );
});

test("parseShard() refuses what is no part of a whole", () => {
  assertEquals(parseShard("2/3"), { index: 2, count: 3 });
  for (const wrong of ["0/3", "4/3", "1", "1/0", "a/b", ""]) {
    assertThrows(() => parseShard(wrong), UsageError, "--shard takes i/n");
  }
});

test("shuffled() depends on its seed alone, and keeps all", () => {
  assertEquals(shuffled(NUMBERS, 7), shuffled(NUMBERS, 7));
  assertNotEquals(shuffled(NUMBERS, 7), shuffled(NUMBERS, 8));
  assertEquals(
    shuffled(NUMBERS, 7).toSorted((a, b) => a - b),
    NUMBERS,
  );
});
