import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { measure } from "./measure.ts";

const ROUNDS = 4;
const C = { loop: "empty_call", args: [1, 2, 3] } as const;

/** The order in which the sides ran, repetitions taken together, from the last `turns` on. */
function lastTurns(log: readonly string[], turns: number): string[] {
  return log.filter((side, index) => side !== log[index - 1]).slice(-turns);
}

test("measure() lets both sides take turns, and begins each round with the other", () => {
  const log: string[] = [];
  const figures = measure(
    { js: () => log.push("js"), c: C, most: 2 },
    (calls, ...args) => {
      assertEquals(args, [1, 2, 3]);
      log.push("c");
      return calls;
    },
    ROUNDS,
  );
  // js c, c js, js c, c js: the neighbours are one turn each.
  assertEquals(lastTurns(log, 5), ["js", "c", "js", "c", "js"]);
  assertEquals(figures.calls, 2);
  assertEquals([figures.js.samples, figures.c?.samples], [ROUNDS * 20, ROUNDS * 20]);
  for (const { samples, histogram } of [figures.js, figures.c!]) {
    assertEquals(
      histogram.counts.reduce((sum, count) => sum + count, histogram.below + histogram.above),
      samples,
    );
  }
});

test("measure() puts back what a sample changes before each", () => {
  let left = 0;
  let most = 0;
  const figures = measure(
    {
      js: () => {
        most = Math.max(most, ++left);
      },
      c: C,
      before: () => {
        left = 0;
      },
      most: 3,
    },
    undefined,
    1,
  );
  assertEquals([most, figures.calls, figures.c, figures.ratio], [3, 3, undefined, undefined]);
});
