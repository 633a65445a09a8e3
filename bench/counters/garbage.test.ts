import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { measureGarbage } from "./garbage.ts";

test("measureGarbage() sees a cell for each read", () => {
  let kept: object = {};
  const { reads, collections } = measureGarbage((calls) => {
    for (let call = 0; call < calls; call++) kept = { call };
  }, 5_000_000);
  assertEquals([reads, typeof kept], [5_000_000, "object"]);
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
