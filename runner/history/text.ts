/** The history as text for a terminal. */

import type { Style } from "../reporters/style.ts";
import { type Cell, type Column, layOut } from "../reporters/table.ts";
import { counted, group } from "../text/mod.ts";
import { type Comparison, changeText, type Side } from "./compare.ts";
import type { RunRow } from "./rows.ts";
import { rateText } from "./statistics.ts";
import type { Trend, TrendPoint } from "./trends.ts";

const NOTHING = "–";
/** Runs that the history of one test shows. */
const POINTS_SHOWN = 20;
/** Eight heights, for a line of numbers. */
const BARS = "▁▂▃▄▅▆▇█";

const left = (title: string): Column => ({ title, align: "left" });
const right = (title: string): Column => ({ title, align: "right" });
const cell = (text: string, style?: (text: string) => string): Cell => ({ text, ...(style && { style }) });

const ticksText = (ticks: number | undefined) => (ticks === undefined ? NOTHING : group(Math.round(ticks)));
const overheadText = (overhead: number | undefined) =>
  overhead === undefined ? NOTHING : `${overhead.toFixed(2)}×`;
/** "2026-11-24 15:04" of an ISO time. */
const timeText = (iso: string) => iso.slice(0, 16).replace("T", " ");

/** All tests, a line each. */
export function trendsText(trends: readonly Trend[], style: Style): string {
  const rows = trends.map(({ test, attempts, failed, flakeRate, firstFailure, lastVerdict, points }) => [
    cell(test),
    cell(group(attempts)),
    cell(group(failed), failed > 0 ? style.bad : undefined),
    cell(rateText(flakeRate)),
    cell(overheadText(points.at(-1)?.overhead)),
    cell(lastVerdict),
    cell(firstFailure ? `run ${firstFailure.run}, ${timeText(firstFailure.startedAt)}` : NOTHING),
  ]);
  const columns = [
    left("test"),
    right("attempts"),
    right("failed"),
    right("flake rate (95 %)"),
    right("overhead"),
    left("last"),
    left("first failure"),
  ];
  return lines(layOut(columns, rows, style.strong));
}

/** One test: what is known of it, and its last runs. */
export function trendText(trend: Trend, style: Style): string {
  const { test, attempts, failed, skipped, flakeRate, firstFailure, points } = trend;
  const shown = points.slice(-POINTS_SHOWN);
  const facts = [
    style.strong(test),
    `  ${counted(attempts, "attempt")}, ${failed} failed, ${skipped} not run; flake rate ${rateText(flakeRate)}`,
    firstFailure
      ? `  first failure: run ${firstFailure.run}, ${timeText(firstFailure.startedAt)}, on ${firstFailure.host} ` +
        `(Linux ${firstFailure.kernel}): ${firstFailure.reason || firstFailure.verdict}`
      : "  no failure",
    ...sparkLines(shown),
    "",
  ];
  const rows = shown.map((point) => [
    cell(String(point.run)),
    cell(timeText(point.startedAt)),
    cell(point.host),
    cell(point.kernel),
    cell(`${point.attempts - point.failed}/${point.attempts}`, point.failed > 0 ? style.bad : style.good),
    cell(ticksText(point.ticks)),
    cell(overheadText(point.overhead)),
  ]);
  const columns = [
    right("run"),
    left("started (UTC)"),
    left("host"),
    left("kernel"),
    right("passed"),
    right("ticks"),
    right("overhead"),
  ];
  return lines([...facts, ...layOut(columns, rows, style.strong)]);
}

function sparkLines(points: readonly TrendPoint[]): string[] {
  const line = (name: string, values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    if (known.length < 2) return [];
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const bars = values.map((value) => {
      if (value === undefined) return " ";
      const height = high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1));
      return BARS[height];
    });
    return [`  ${name.padEnd(9)}${bars.join("")}`];
  };
  return [
    ...line(
      "ticks",
      points.map(({ ticks }) => ticks),
    ),
    ...line(
      "overhead",
      points.map(({ overhead }) => overhead),
    ),
  ];
}

/** Runs, the newest first. */
export function runsText(runs: readonly RunRow[], style: Style): string {
  const rows = runs.map(({ id, startedAt, host, kernel, version, attempts, passed, skipped, finished }) => [
    cell(String(id)),
    cell(timeText(startedAt)),
    cell(host),
    cell(kernel),
    cell(version),
    cell(`${passed}/${attempts - skipped}`, passed < attempts - skipped ? style.bad : style.good),
    cell(finished ? "" : "not finished", style.warn),
  ]);
  const columns = [
    right("run"),
    left("started (UTC)"),
    left("host"),
    left("kernel"),
    left("tickproof"),
    right("passed"),
    left(""),
  ];
  return lines(layOut(columns, rows, style.strong));
}

/** Two runs or two hosts side by side. */
export function comparisonText(
  names: readonly [before: string, after: string],
  comparisons: readonly Comparison[],
  style: Style,
): string {
  const passed = (side: Side | undefined) =>
    side ? `${side.attempts - side.failed}/${side.attempts}` : NOTHING;
  const change = (a: number | undefined, b: number | undefined) => (a && b ? changeText(a, b) : NOTHING);
  const rows = comparisons.map(({ test, before, after }) => [
    cell(test),
    cell(passed(before), before && before.failed > 0 ? style.bad : undefined),
    cell(passed(after), after && after.failed > 0 ? style.bad : undefined),
    cell(ticksText(before?.ticks)),
    cell(ticksText(after?.ticks)),
    cell(change(before?.ticks, after?.ticks)),
    cell(overheadText(before?.overhead)),
    cell(overheadText(after?.overhead)),
    cell(change(before?.overhead, after?.overhead)),
  ]);
  const [a, b] = names;
  const columns = [
    left("test"),
    right(`passed ${a}`),
    right(b),
    right(`ticks ${a}`),
    right(b),
    right("change"),
    right(`overhead ${a}`),
    right(b),
    right("change"),
  ];
  return lines(layOut(columns, rows, style.strong));
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
