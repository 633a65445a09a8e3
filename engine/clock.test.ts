import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { Lookout } from "./clock.ts";

test("Lookout is due at once, and then no more often than it says", () => {
  let time = 1000;
  const lookout = new Lookout(5, () => time);
  assertEquals([lookout.isDue(), lookout.isDue()], [true, false]);
  time += 4;
  assertEquals(lookout.isDue(), false);
  time += 1;
  assertEquals([lookout.isDue(), lookout.isDue()], [true, false]);
});
