import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { styleFor } from "../reporters/style.ts";
import { attempt, runOn } from "./_fixtures.ts";
import { compareAttempts, DEFAULT_BOUNDS, regressions } from "./compare.ts";
import type { AttemptInfo, AttemptRow, RunInfo } from "./rows.ts";
import { comparisonText, trendText } from "./text.ts";
import { trendsOf } from "./trends.ts";

function row(day: number, more: Partial<AttemptInfo & RunInfo> = {}): AttemptRow {
  const { startedAt, host, cpu, kernel } = runOn(day);
  return { ...attempt(), run: day, startedAt, host, cpu, kernel, ...more };
}

test("trendsOf() counts failures, and leaves out what was not the test's fault", () => {
  const [trend] = trendsOf([
    row(1),
    row(1, { number: 2, verdict: "skip" }),
    row(2, { verdict: "fail", reason: "ticks differ" }),
    row(2, { number: 2, verdict: "broken" }),
    row(3, { ticks: 1100 }),
  ]);
  assertEquals([trend?.attempts, trend?.failed, trend?.skipped, trend?.lastVerdict], [3, 1, 2, "pass"]);
  assertEquals([trend?.firstFailure?.run, trend?.firstFailure?.reason], [2, "ticks differ"]);
  assertEquals(
    trend?.points.map(({ run, failed, ticks, overhead }) => [run, failed, ticks, overhead]),
    [
      [1, 0, 1000, 2],
      [2, 1, undefined, undefined],
      [3, 0, 1100, 2],
    ],
  );
});

test("trendsOf() takes the native time of the attempts that have one", () => {
  const [trend] = trendsOf([row(1), row(1, { number: 2, nativeMs: null, recordMs: 400 })]);
  assertEquals(trend?.points[0]?.overhead, 3);
});

test("regressions() names what is worse beyond its bound, and nothing else", () => {
  const before = [row(1), row(1, { test: "core/hle" }), row(1, { test: "only/before" })];
  const after = [
    row(2, { ticks: 1020 }),
    row(2, { test: "core/hle", recordMs: 500 }),
    row(2, { test: "only/after" }),
  ];
  const comparisons = compareAttempts(before, after);
  assertEquals(
    comparisons.map(({ test: name }) => name),
    ["core/alarm", "core/hle", "only/after", "only/before"],
  );
  assertEquals(regressions(comparisons, DEFAULT_BOUNDS), [
    "core/alarm: 1,020 ticks, the baseline has 1,000 (+2.0 %; the bound is 1.0 %)",
    "core/hle: record takes 5.00× the native time, the baseline 2.00× (+150.0 %; the bound is 50.0 %)",
  ]);
  assertEquals(regressions(comparisons, { ticks: 0.05, overhead: 2 }), []);
});

test("trendText() and comparisonText() are aligned tables", () => {
  const [trend] = trendsOf([row(1), row(2, { ticks: 2000, verdict: "pass" }), row(3, { verdict: "fail" })]);
  const text = trend ? trendText(trend, styleFor(false)) : "";
  assertStringIncludes(text, "3 attempts, 1 failed, 0 not run; flake rate 33.3 %");
  assertStringIncludes(text, "  ticks    ▁█ \n");
  assertStringIncludes(text, "  2  2026-11-02 12:00  box   6.1        1/1  2,000     2.00×\n");
  assertEquals(
    comparisonText(["1", "2"], compareAttempts([row(1)], [row(2, { recordMs: 250 })]), styleFor(false)),
    `test        passed 1    2  ticks 1      2  change  overhead 1      2   change
core/alarm       1/1  1/1    1,000  1,000  +0.0 %       2.00×  2.50×  +25.0 %
`,
  );
});
