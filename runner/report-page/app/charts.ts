/** Charts by uPlot, each with what it shows in words: a picture alone is nothing to a screen reader. */
import uPlot from "uplot";
import { el } from "./dom.ts";
import { colour, onThemeChange } from "./theme.ts";

/** A line, dots or bars of a chart. */
export interface Series {
  label: string;
  /** Name of a colour of the theme. */
  colour: string;
  values: readonly (number | null)[];
  as: "line" | "dots" | "bars";
}

/** What a chart shows. */
export interface Chart {
  title: string;
  /** The same in words, below the chart. */
  words: string;
  x: readonly number[];
  xLabel: string;
  xText: (value: number) => string;
  yText: (value: number) => string;
  /** The axis of values begins at 0. */
  fromZero: boolean;
  /** The axis of values is logarithmic: ratios are as far apart as they differ. @default false */
  log?: boolean;
  /** All values are whole numbers: the axis has no other. @default false */
  counts?: boolean;
  series: readonly Series[];
}

const HEIGHT = 190;
/** Charts that are in the page, with how to paint them again. */
const shown = new Map<HTMLElement, () => void>();

onThemeChange(() => {
  for (const paint of shown.values()) paint();
});
/** Paints the charts that have come into the page, without waiting for its next frame. */
export function paintCharts(): void {
  for (const paint of [...shown.values()]) paint();
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) shown.get(target as HTMLElement)?.();
});

/** Shows a chart; it has the width that it finds, and the colours of the theme. */
export function chartView(chart: Chart): HTMLElement {
  const plot = el("div", { class: "plot", role: "img", "aria-label": `${chart.title}. ${chart.words}` });
  let painted: uPlot | undefined;
  let width = 0;
  let theme = "";
  const paint = () => {
    if (!plot.isConnected) {
      painted?.destroy();
      shown.delete(plot);
      resized.unobserve(plot);
      return;
    }
    if (plot.clientWidth === 0 || (plot.clientWidth === width && colour("--ink") === theme)) return;
    width = plot.clientWidth;
    theme = colour("--ink");
    painted?.destroy();
    painted = new uPlot(optionsOf(chart, width), dataOf(chart), plot);
  };
  shown.set(plot, paint);
  resized.observe(plot);
  return el(
    "figure",
    { class: "chart" },
    el("p", { class: "title", "aria-hidden": "true" }, chart.title),
    plot,
    el("figcaption", { class: "quiet" }, chart.words),
  );
}

function dataOf({ x, series }: Chart): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function optionsOf(
  { xLabel, xText, yText, fromZero, log, counts, series }: Chart,
  width: number,
): uPlot.Options {
  const axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    legend: { show: series.length > 1, live: false },
    cursor: { drag: { x: true, y: false }, points: { show: series.length === 1 } },
    scales: {
      x: { time: false, range: spaced },
      y: log
        ? { distr: 3, log: 10, range: decades }
        : { range: (_, low, high) => roomy(low, high, fromZero) },
    },
    axes: [
      {
        ...axis,
        label: xLabel,
        labelSize: 18,
        incrs: WHOLE_STEPS,
        space: 90,
        size: 26,
        font: FONT,
        labelFont: FONT,
        values: (_, at) => at.map(xText),
      },
      {
        ...axis,
        size: widthOf,
        font: FONT,
        ...(counts && { incrs: WHOLE_STEPS }),
        // A logarithmic axis has lines that are too near to each other for a number each.
        values: (_, at) => at.map((value) => (log && !isRound(value) ? "" : yText(value))),
      },
    ],
    series: [{ label: xLabel }, ...series.map(seriesOf)],
  };
}

/** Steps of an axis that counts. */
const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

const FONT = "11px system-ui, sans-serif";

/** Room for the longest label of the axis of values. */
function widthOf(_: uPlot, labels: readonly string[] | null): number {
  return 14 + 6.4 * Math.max(4, ...(labels ?? []).map((label) => label?.length ?? 0));
}

/** Room left and right, and something to see where there is one value only. */
function spaced(_: uPlot, low: number | null, high: number | null): [number, number] {
  const [from, to] = [low ?? 0, high ?? 1];
  const room = Math.max(0.5, (to - from) * 0.02);
  return [from - room, to + room];
}

function roomy(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  const [from, to] = [fromZero ? 0 : (low ?? 0), high ?? 1];
  const room = (to - from) * 0.1 || Math.max(1, Math.abs(to) * 0.001);
  return [fromZero ? 0 : from - room, to + room];
}

/** Bounds of a logarithmic axis: 1, 2 or 5 times a power of ten, around all values. */
function decades(_: uPlot, low: number | null, high: number | null): [number, number] {
  const [from, to] = [Math.max(low ?? 1, 1e-3), Math.max(high ?? 10, 1e-2)];
  return [10 ** Math.floor(Math.log10(from)), Math.max(10 ** Math.ceil(Math.log10(to * 1.001)), 10)];
}

/** 1, 2 or 5 times a power of ten. */
function isRound(value: number): boolean {
  const digits = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(digits - round) < 1e-6);
}

function seriesOf({ label, colour: name, as }: Series): uPlot.Series {
  const ink = colour(name);
  if (as === "bars") {
    const paths = uPlot.paths.bars?.({ size: [0.8, 40], align: 0 });
    return { label, stroke: ink, fill: ink, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  const dots = { show: true, size: 6, fill: ink, stroke: ink };
  if (as === "dots") return { label, stroke: ink, paths: () => null, points: dots };
  return { label, stroke: ink, width: 1.5, points: { show: false } };
}
