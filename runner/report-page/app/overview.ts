/** What the whole comes to: numbers, runs one after the other, overheads of all tests. */
import type { Cell, PageData } from "../page-data.ts";
import { type Chart, chartView } from "./charts.ts";
import { el } from "./dom.ts";
import { counted, date, signOf, times, whole } from "./format.ts";
import { countsByRun } from "./run-counts.ts";

/** The section's content. */
export function overview(data: PageData): HTMLElement {
  const byVerdict = Map.groupBy(data.cells, ({ verdict }) => verdict);
  const tile = (label: string, value: number, kind = "") =>
    el("div", { class: `tile ${kind}` }, el("dd", {}, whole(value)), el("dt", {}, label));
  const tiles = el(
    "dl",
    { class: "tiles" },
    tile("tests", data.tests.length),
    tile("hosts × engines", data.targets.length),
    tile("runs", data.runs.length),
    tile("attempts", data.attempts.run.length),
    ...[...byVerdict]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([verdict, cells]) => tile(`${signOf(verdict)} ${verdict}`, cells.length, verdict)),
  );
  const charts = el("div", { class: "charts" });
  if (data.runs.length > 0) charts.append(chartView(runsChart(data)));
  const overheads = overheadChart(data.cells);
  if (overheads !== undefined) charts.append(chartView(overheads));
  return el("div", {}, tiles, charts);
}

function runsChart(data: PageData): Chart {
  const { passed, failed, silent } = countsByRun(data);
  // Runs by age: bars one on top of the other, the tallest drawn first.
  const order = data.runs
    .map((_, index) => index)
    .toSorted((a, b) => (data.runs[a]?.startedAt ?? "").localeCompare(data.runs[b]?.startedAt ?? ""));
  const stack = (lists: readonly number[][]) =>
    order.map((run) => lists.reduce((sum, list) => sum + (list[run] ?? 0), 0));
  const failing = failed.filter((count) => count > 0).length;
  return {
    title: "Attempts by run",
    words: `${counted(data.runs.length, "run")}, ${failing === 0 ? "none" : whole(failing)} with failures.`,
    x: order.map((_, index) => index + 1),
    xLabel: "run, the oldest first (UTC)",
    xText: (at) =>
      Number.isInteger(at) && data.runs[order[at - 1] ?? -1]
        ? date(data.runs[order[at - 1] ?? 0]?.startedAt ?? "").slice(5)
        : "",
    yText: whole,
    fromZero: true,
    counts: true,
    series: [
      { label: "not judged", colour: "--skip", as: "bars", values: stack([silent, failed, passed]) },
      { label: "failed", colour: "--fail", as: "bars", values: stack([failed, passed]) },
      { label: "passed", colour: "--pass", as: "bars", values: stack([passed]) },
    ],
  };
}

function overheadChart(cells: readonly Cell[]): Chart | undefined {
  const known = cells
    .filter(({ recordOverhead }) => recordOverhead !== undefined)
    .toSorted((a, b) => (a.recordOverhead ?? 0) - (b.recordOverhead ?? 0));
  const middle = known[Math.floor(known.length / 2)]?.recordOverhead;
  if (middle === undefined) return undefined;
  return {
    title: "Overheads of all tests",
    words: `Time over that of the native run, the cheapest test first: ${times(known[0]?.recordOverhead)} to ${times(known.at(-1)?.recordOverhead)}, in the middle ${times(middle)}.`,
    x: known.map((_, index) => index + 1),
    xLabel: "tests by overhead",
    xText: (at) => (Number.isInteger(at) && at > 0 ? whole(at) : ""),
    yText: times,
    fromZero: false,
    log: true,
    series: [
      {
        label: "record",
        colour: "--accent",
        as: "dots",
        values: known.map((cell) => cell.recordOverhead ?? null),
      },
      {
        label: "replay",
        colour: "--second",
        as: "dots",
        values: known.map((cell) => cell.replayOverhead ?? null),
      },
    ],
  };
}
