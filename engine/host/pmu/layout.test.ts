import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { assign } from "./layout.ts";

const NONE: ReadonlySet<number> = new Set();

test("assign() leaves everybody in place as long as there is a free counter", () => {
  assertEquals(assign([[0, 1], [0, 1], [2]], NONE), [0, 1, 2]);
});

test("assign() moves an event that has a choice for one that has none", () => {
  assertEquals(assign([[0, 1, 2], [1, 0], [0]], NONE), [2, 1, 0]);
  assertEquals(assign([[32, 0], [32]], NONE), [0, 32]);
});

test("assign() fails as a whole where one event finds no counter", () => {
  assertEquals(
    assign(
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      NONE,
    ),
    undefined,
  );
  assertEquals(assign([[2]], new Set([2])), undefined);
  assertEquals(assign([[]], NONE), undefined);
});
