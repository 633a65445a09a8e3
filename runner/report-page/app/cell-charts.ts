/** The charts of one test at one target: ticks, their distribution, durations. */
import type { Cell, PageData } from "../page-data.ts";
import type { Chart } from "./charts.ts";
import { distributionOf } from "./distribution.ts";
import { counted, spread, time, whole } from "./format.ts";

/** The attempts of a cell, the oldest first. */
export function indices({ from, to }: Cell): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Charts of what more than one attempt has. */
export function cellCharts({ attempts }: PageData, cell: Cell): Chart[] {
  const all = indices(cell);
  if (all.length < 2) return [];
  const number = all.map((_, index) => index + 1);
  const across = {
    x: number,
    xLabel: "attempt, the oldest first",
    xText: (at: number) => (Number.isInteger(at) && at > 0 ? whole(at) : ""),
  };
  const ticks = all.map((index) => attempts.ticks[index] ?? null);
  const known = ticks.filter((value) => value !== null);
  const charts: Chart[] = [];
  if (known.length > 1) {
    const { from, counts, width } = distributionOf(known);
    const distinct = new Set(known).size;
    charts.push({
      title: "Ticks over repeats",
      words:
        distinct === 1
          ? `All ${whole(known.length)} attempts have ${whole(known[0])} ticks.`
          : `${whole(distinct)} different counts in ${whole(known.length)} attempts; those that passed: ${spread(cell.ticks)}.`,
      ...across,
      yText: whole,
      fromZero: false,
      series: [{ label: "ticks", colour: "--accent", as: "dots", values: ticks }],
    });
    charts.push({
      title: "Distribution of ticks",
      words: `${counted(counts.length, "bin")} of ${counted(width, "tick")}, from ${whole(from[0])} on.`,
      x: from.map((_, bin) => bin),
      xLabel: "ticks",
      xText: (at) => (Number.isInteger(at) && from[at] !== undefined ? whole(from[at]) : ""),
      yText: whole,
      fromZero: true,
      counts: true,
      series: [{ label: "attempts", colour: "--accent", as: "bars", values: counts }],
    });
  }
  const durations = (["nativeMs", "recordMs", "replayMs"] as const).map((phase) =>
    all.map((index) => attempts[phase][index] ?? null),
  );
  if (durations.some((list) => list.filter((value) => value !== null).length > 1)) {
    const [native = [], record = [], replay = []] = durations;
    charts.push({
      title: "Durations",
      words: `Medians: native ${time(cell.nativeMs?.median)}, record ${time(cell.recordMs?.median)}, replay ${time(cell.replayMs?.median)}.`,
      ...across,
      yText: time,
      fromZero: true,
      series: [
        { label: "native", colour: "--skip", as: "dots", values: native },
        { label: "record", colour: "--accent", as: "line", values: record },
        { label: "replay", colour: "--second", as: "line", values: replay },
      ],
    });
  }
  return charts;
}
