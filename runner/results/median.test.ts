import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { median } from "./median.ts";

test("median() is the middle value, or the mean of the two middle ones", () => {
  assertEquals(median([30, 1, 2]), 2);
  assertEquals(median([10, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
  assertEquals(median([]), undefined);
});
