import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { assign, type Wish } from "./layout.ts";

const NONE: ReadonlySet<number> = new Set();

/** Events without a counter so far. */
function fresh(...candidates: readonly (readonly number[])[]): Wish[] {
  return candidates.map((each) => ({ candidates: each }));
}

const GENERAL = [0, 1, 2, 3];

test("assign() leaves everybody in place as long as that goes", () => {
  const wishes = [
    { candidates: GENERAL, last: 3 },
    { candidates: GENERAL, last: 0 },
    { candidates: [2], last: 2 },
  ];
  assertEquals(assign(wishes, NONE), [3, 0, 2]);
});

test("assign() places all anew once one has had no counter: the fewest choices first, then the lowest that is free", () => {
  // The checkpointed counter comes third, and the plain ones keep away from it.
  assertEquals(assign(fresh(GENERAL, GENERAL, [2], GENERAL), NONE), [0, 1, 2, 3]);
  assertEquals(assign([{ candidates: GENERAL, last: 2 }, ...fresh([2])], NONE), [0, 2]);
  assertEquals(assign([{ candidates: GENERAL, last: 3 }, ...fresh(GENERAL)], NONE), [0, 1]);
});

test("assign() prefers the fixed counter of an event", () => {
  assertEquals(assign(fresh([32, ...GENERAL], [32]), NONE), [0, 32]);
  assertEquals(assign(fresh([32, ...GENERAL]), NONE), [32]);
});

test("assign() fails as a whole where one event finds no counter", () => {
  assertEquals(assign(fresh([0, 1], [0, 1], [0, 1]), NONE), undefined);
  assertEquals(assign(fresh([2]), new Set([2])), undefined);
  assertEquals(assign(fresh([]), NONE), undefined);
});
