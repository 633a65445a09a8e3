import { test } from "bun:test";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ascending, binEdges, histogram, medianInterval, quantile } from "./statistics.ts";

test("quantile() lies between two values in proportion", () => {
  const sorted = ascending([4, 1, 3, 2]);
  assertEquals(
    [0, 0.5, 1].map((part) => quantile(sorted, part)),
    [1, 2.5, 4],
  );
  assertAlmostEquals(quantile(sorted, 0.99), 3.97);
  assertEquals(quantile([7], 0.99), 7);
});

test("quantile() throws RangeError without values", () => {
  assertThrows(() => quantile([], 0.5), RangeError, "there is none");
});

test("medianInterval() has the ranks that the binomial distribution gives", () => {
  // For n = 100 the tables give the 40th and the 61st value.
  const values = Array.from({ length: 100 }, (_, index) => index + 1).toReversed();
  assertEquals(medianInterval(values), { median: 50.5, low: 40, high: 61 });
  assertEquals(medianInterval([3]), { median: 3, low: 3, high: 3 });
});

test("medianInterval() is not moved by one slow value", () => {
  assertEquals(medianInterval([1, 1, 1, 1, 1e9]).median, 1);
});

test("binEdges() are equally wide, and one where all values are the same", () => {
  assertEquals(binEdges(0, 10, 4), [0, 2.5, 5, 7.5, 10]);
  assertEquals(binEdges(7, 7, 4), [7, 8]);
});

test("histogram() counts each value once, the lower edge with its bin", () => {
  assertEquals(histogram([0.5, 1, 1.5, 2, 3.9, 4, 100], [1, 2, 4]), {
    edges: [1, 2, 4],
    counts: [2, 2],
    below: 1,
    above: 2,
  });
});
