import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { measureGarbage } from "./garbage.ts";

test("measureGarbage() sees garbage of each read", () => {
  // Some gigabytes in all: the heap of a process that runs many tests takes longer until it collects.
  let kept: number[] = [];
  const { reads, collections } = measureGarbage((calls) => {
    for (let call = 0; call < calls; call++) kept = new Array(200).fill(call);
  }, 1_000_000);
  assertEquals([reads, kept.length], [1_000_000, 200]);
  assert(collections > 0);
});

test("measureGarbage() sees what reads keep", () => {
  const kept: object[] = [];
  const garbage = measureGarbage((calls) => {
    for (let call = 0; call < calls; call++) kept.push({ call });
  }, 20_000);
  assert(garbage.kept > 20_000 * 16);
  assert(kept.length > 20_000);
});

test("measureGarbage() sees nothing where nothing is", () => {
  let sum = 0;
  const { collections } = measureGarbage((calls) => {
    for (let call = 0; call < calls; call++) sum = (sum + call) | 0;
  }, 5_000_000);
  assertEquals([collections, typeof sum], [0, "number"]);
});
