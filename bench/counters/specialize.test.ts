import { test } from "bun:test";
import { assertEquals, assertNotEquals } from "@std/assert";
import { specialize } from "./specialize.ts";

test("specialize() counts the turns of each run from 0", () => {
  const turns: number[] = [];
  const loop = specialize((turn) => turns.push(turn));
  loop(3);
  loop(2);
  assertEquals(turns, [0, 1, 2, 0, 1]);
});

test("specialize() gives each operation code of its own", () => {
  const operation = () => 0;
  assertNotEquals(specialize(operation).toString(), specialize(operation).toString());
});
