/** The distributions as a picture: one panel an operation, Bun over C, by Vega, which needs no browser. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Side } from "./measure.ts";
import type { CountersReport } from "./report.ts";

const PANEL = { width: 330, height: 70, columns: 2 };
const COLORS = { Bun: "#e45756", C: "#4c78a8" } as const;

/** A bin of a panel, or the median of a side (without `to`). */
interface Mark {
  readonly operation: string;
  readonly side: keyof typeof COLORS;
  readonly from: number;
  readonly to?: number;
  readonly share?: number;
}

function marksOf(operation: string, side: Mark["side"], { histogram, median, samples }: Side): Mark[] {
  const bins = histogram.counts.map((count, index) => ({
    operation,
    side,
    from: histogram.edges[index],
    to: histogram.edges[index + 1],
    share: count / samples,
  }));
  return [...bins.filter(({ share }) => share > 0), { operation, side, from: median }];
}

/** The picture's description: panels in the order of the rows; skipped rows have none. */
export function pictureSpec({ rows, host }: CountersReport): TopLevelSpec {
  const measured = rows.filter((row) => row.state === "measured");
  const title = ({ name, ratio }: (typeof measured)[number]) =>
    ratio ? `${name}: ${ratio.median.toFixed(2)}× C` : name;
  const values = measured.flatMap((row) => [
    ...(row.c ? marksOf(title(row), "C", row.c) : []),
    ...marksOf(title(row), "Bun", row.js),
  ]);
  const x = {
    field: "from",
    type: "quantitative",
    scale: { zero: false, nice: false },
    title: null,
  } as const;
  const color = {
    field: "side",
    type: "nominal",
    scale: { domain: Object.keys(COLORS), range: Object.values(COLORS) },
    title: null,
    legend: { orient: "top" },
  } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: { text: "Time of a call in ns (line: median)", subtitle: host, anchor: "start" },
    background: "white",
    data: { values },
    facet: { field: "operation", type: "nominal", sort: measured.map(title), title: null },
    columns: PANEL.columns,
    spec: {
      width: PANEL.width,
      height: PANEL.height,
      layer: [
        {
          transform: [{ filter: "isValid(datum.to)" }],
          mark: { type: "rect", opacity: 0.6 },
          encoding: {
            x: { ...x, axis: { format: ",~r", grid: false } },
            x2: { field: "to" },
            y: { field: "share", type: "quantitative", axis: null, stack: null },
            y2: { datum: 0 },
            color,
          },
        },
        {
          transform: [{ filter: "!isValid(datum.to)" }],
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x, color },
        },
      ],
    },
    resolve: { scale: { x: "independent", y: "independent" } },
    config: { view: { stroke: "#ddd" }, font: "sans-serif" },
  };
}

/** Draws the picture as SVG. */
export function drawCounters(report: CountersReport): Promise<string> {
  return new View(parse(compile(pictureSpec(report)).spec), { renderer: "none" }).toSVG();
}
