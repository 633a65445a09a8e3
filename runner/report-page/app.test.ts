/** Those parts of the page's program that need no page. */
import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { someAttempts } from "./_fixtures.ts";
import { distributionOf } from "./app/distribution.ts";
import { matching } from "./app/filter.ts";
import { countsByRun } from "./app/run-counts.ts";
import { firstFrom, moved, niceStep, positions, zoomed } from "./app/window.ts";
import { preparePage } from "./prepare.ts";

const PAGE = preparePage(someAttempts(), { generatedAt: "2026-11-24T12:00:00.000Z", version: "0.1.0" });

test("zoomed() keeps the place it is given, and stays within the whole", () => {
  assertEquals(zoomed({ start: 0, end: 100 }, 0.5, 0.5, 100), { start: 25, end: 75 });
  assertEquals(zoomed({ start: 20, end: 40 }, 0.5, 0, 100), { start: 20, end: 30 });
  assertEquals(zoomed({ start: 90, end: 100 }, 4, 0.5, 100), { start: 60, end: 100 });
  assertEquals(zoomed({ start: 5, end: 6 }, 0.5, 0.5, 100), { start: 5, end: 6 });
});

test("moved() goes on by a share of what is seen, to the ends and no further", () => {
  assertEquals(moved({ start: 0, end: 10 }, 0.5, 100), { start: 5, end: 15 });
  assertEquals(moved({ start: 0, end: 10 }, -1, 100), { start: 0, end: 10 });
  assertEquals(moved({ start: 0, end: 10 }, Number.MAX_SAFE_INTEGER, 100), { start: 90, end: 100 });
});

test("firstFrom() finds the first of equal values, and the end", () => {
  assertEquals(
    [0, 2, 3, 9].map((wanted) => firstFrom([1, 2, 2, 5], wanted)),
    [0, 1, 3, 4],
  );
});

test("positions() adds up the ticks of all tasks, or counts events", () => {
  assertEquals(positions({ ticks: [5, 0, 7] }, "ticks"), [5, 5, 12]);
  assertEquals(positions({ ticks: [5, 0, 7] }, "events"), [1, 2, 3]);
});

test("niceStep() is 1, 2 or 5 times a power of ten", () => {
  assertEquals([0.1, 1.5, 30, 700].map(niceStep), [1, 2, 50, 1000]);
});

test("distributionOf() counts every value in a bin of whole numbers", () => {
  assertEquals(distributionOf([7, 7, 7]), { from: [7], counts: [3], width: 1 });
  assertEquals(distributionOf([1, 2, 4], 2), { from: [1, 3], counts: [2, 1], width: 2 });
  assertEquals(distributionOf([]), { from: [], counts: [], width: 1 });
});

test("matching() wants every word, in the test, the host or the reason, and the verdict", () => {
  const ids = (words: string, verdict = "") =>
    matching(PAGE, { words, verdict }).map(({ test }) => PAGE.tests[test]);
  assertEquals(ids("hle OTHER"), ["core/hle"]);
  assertEquals(ids("mismatch"), ["core/alarm"]);
  assertEquals(ids("core", "skip"), ["core/hle"]);
  assertEquals(ids("nothing"), []);
});

test("countsByRun() counts what passed, failed and was not judged", () => {
  const counts = countsByRun(PAGE);
  const second = PAGE.runs.findIndex(({ id }) => id === 2);
  assertEquals([counts.passed[second], counts.failed[second], counts.silent[second]], [4, 2, 1]);
});
