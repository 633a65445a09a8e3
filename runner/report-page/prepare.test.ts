import { test } from "bun:test";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { HOSTILE, manyAttempts, row, someAttempts } from "./_fixtures.ts";
import { preparePage, summarizeCell } from "./prepare.ts";

const ABOUT = { generatedAt: "2026-11-24T12:00:00.000Z", version: "0.1.0" };

test("preparePage() has a cell for each test at each host, kernel and engine", () => {
  const { cells, tests, targets } = preparePage(someAttempts(), ABOUT);
  assertEquals(
    cells.map(({ test, target, verdict }) => {
      const { name, described, kernel } = targets[target] ?? {};
      return [tests[test], name, described, kernel, verdict];
    }),
    [
      ["core/alarm", "box", false, "6.1", "flaky"],
      ["core/hle", "box", false, "6.1", "skip"],
      ["core/hle", "other", false, "6.6", "pass"],
      ["core/spin", "box", false, "6.1", "fail"],
      ["core/spin", "skylake-kvm", true, "6.1", "xfail"],
      ["script/echo", "box", false, "6.1", "pass"],
    ],
  );
});

test("preparePage() keeps each attempt once, those of a cell together and the oldest first", () => {
  const page = preparePage(someAttempts(), ABOUT);
  const [alarm] = page.cells;
  const { run, number, verdict, ticks, detail, reason } = page.attempts;
  assertEquals([alarm?.from, alarm?.to, run.length], [0, 5, someAttempts().length]);
  assertEquals(ticks.slice(0, 5), [1001, 1002, 1003, 1000, 1400]);
  assertEquals(number.slice(0, 5), [1, 2, 3, 1, 2]);
  assertEquals(
    run.slice(0, 5).map((index) => page.runs[index]?.id),
    [1, 1, 1, 2, 2],
  );
  assertEquals(page.verdicts[verdict[4] ?? -1], "fail");
  assertEquals(page.details[detail[4] ?? -1]?.divergence?.difference.name, "write");
  assertEquals(
    reason.map((index) => page.reasons[index]).filter((text) => text === HOSTILE),
    [HOSTILE],
  );
});

test("summarizeCell() tells of the newest run, and rates all of them", () => {
  const cell = summarizeCell([row(1, { verdict: "fail", reason: "old" }), row(2), row(2, { number: 2 })]);
  assertEquals([cell.verdict, cell.reason, cell.newest, cell.newestPassed], ["pass", "", 2, 2]);
  assertEquals([cell.telling, cell.failed, cell.failingSince], [3, 1, row(1).startedAt]);
  assertAlmostEquals(cell.rate.rate, 1 / 3);
});

test("summarizeCell() has medians and bounds of what passed, and overheads", () => {
  const cell = summarizeCell([
    row(1, { ticks: 10 }),
    row(1, { ticks: 30, nativeMs: null }),
    row(1, { ticks: 20 }),
    row(1, { ticks: 99, recordMs: 9e9, verdict: "fail" }),
  ]);
  assertEquals(cell.ticks, { least: 10, median: 20, most: 30 });
  assertEquals([cell.recordOverhead, cell.replayOverhead], [2, 1.5]);
});

test("summarizeCell() tells how often a test fails and how often it changes its mind apart", () => {
  const flips = (...verdicts: string[]) => {
    const { failed, telling, flipRate } = summarizeCell(verdicts.map((verdict) => row(1, { verdict })));
    return [failed / telling, flipRate];
  };
  assertEquals(flips("fail", "fail", "fail"), [1, 0]);
  assertEquals(flips("pass", "fail", "pass", "fail", "pass"), [0.4, 1]);
  assertEquals(flips("pass", "pass", "skip", "fail", "timeout"), [0.5, 1 / 3]);
  assertEquals(flips("fail"), [1, undefined]);
});

test("summarizeCell() has no overhead over a native run that is mostly start-up", () => {
  const cell = summarizeCell([row(1, { nativeMs: 9.9 })]);
  assertEquals([cell.recordOverhead, cell.recordMs?.median], [undefined, row(1).recordMs ?? 0]);
});

test("summarizeCell() of what was never run has no figures", () => {
  const nothing = { ticks: null, events: null, signals: null, switches: null };
  const times = { nativeMs: null, recordMs: null, replayMs: null };
  const cell = summarizeCell([row(1, { verdict: "skip", reason: "no hle", ...nothing, ...times })]);
  assertEquals([cell.verdict, cell.reason, cell.telling, cell.failed], ["skip", "no hle", 0, 0]);
  assertEquals([cell.ticks, cell.recordOverhead, cell.failingSince], [undefined, undefined, undefined]);
});

test("summarizeCell() has what counters counted, by event", () => {
  const counted = (branches: number) => ({ detail: { counters: { branches, instructions: 9 } } });
  const cell = summarizeCell([row(1, counted(5)), row(1, counted(7)), row(1)]);
  const alike = { least: 9, median: 9, most: 9 };
  assertEquals(cell.counters, { branches: { least: 5, median: 6, most: 7 }, instructions: alike });
});

test("preparePage() of 10,000 results interns what repeats", () => {
  const page = preparePage(manyAttempts(10_000), ABOUT);
  assertEquals([page.tests.length, page.cells.length, page.runs.length], [1000, 1000, 10]);
  assertEquals([page.verdicts, page.reasons], [["pass"], [""]]);
});
