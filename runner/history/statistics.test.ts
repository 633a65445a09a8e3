import { test } from "bun:test";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { rateOf, rateText } from "./statistics.ts";

// Figures from Brown, Cai, DasGupta: "Interval Estimation for a Binomial Proportion" (2001), and by hand.
test("rateOf() is Wilson's interval", () => {
  const { rate, low, high } = rateOf(1, 50);
  assertEquals(rate, 0.02);
  assertAlmostEquals(low, 0.0035393, 1e-6);
  assertAlmostEquals(high, 0.10495443, 1e-6);
});

test("rateOf() is never certain of what it has not seen", () => {
  assertEquals(rateOf(0, 0), { rate: 0, low: 0, high: 1 });
  const never = rateOf(0, 50);
  assertEquals([never.rate, never.low], [0, 0]);
  assertAlmostEquals(never.high, 0.0713476, 1e-6);
  const always = rateOf(50, 50);
  assertEquals([always.rate, always.high], [1, 1]);
  assertAlmostEquals(always.low, 1 - never.high, 1e-12);
});

test("rateText() is in per cent", () => {
  assertEquals(rateText({ rate: 0.02, low: 0.004, high: 0.105 }), "2.0 % (0.4 to 10.5 %)");
});
