/** The distributions as a picture: one panel an operation, Bun over C, by Vega, which needs no browser. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Side } from "./measure.ts";
import type { CountersReport } from "./report.ts";

const PANEL = { width: 330, height: 70, columns: 2 };
const COLORS = { Bun: "#e45756", C: "#4c78a8" } as const;

/** Where a bin begins and its share of the samples; or the median of a side (without `share`). */
interface Mark {
  readonly operation: string;
  readonly side: keyof typeof COLORS;
  readonly nanoseconds: number;
  readonly share?: number;
}

function marksOf(operation: string, side: Mark["side"], { histogram, median, samples }: Side): Mark[] {
  // The last edge ends the last bin.
  const bins = histogram.edges.map((nanoseconds, index) => ({
    operation,
    side,
    nanoseconds,
    share: (histogram.counts[index] ?? 0) / samples,
  }));
  return [...bins, { operation, side, nanoseconds: median }];
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
    field: "nanoseconds",
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
          transform: [{ filter: "isValid(datum.share)" }],
          mark: { type: "area", interpolate: "step-after", opacity: 0.6 },
          encoding: {
            x: { ...x, axis: { format: ",~r", grid: false } },
            y: { field: "share", type: "quantitative", axis: null, stack: null },
            color,
          },
        },
        {
          transform: [{ filter: "!isValid(datum.share)" }],
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x, color },
        },
      ],
    },
    resolve: { scale: { x: "independent", y: "independent" } },
    config: { view: { stroke: "#ddd" }, font: "sans-serif", aria: false },
  };
}

/** Coordinates with one digit behind the point instead of fifteen. */
function rounded(svg: string): string {
  return svg.replaceAll(/ (?:d|transform)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/\d+\.\d{3,}/g, (digits) => Number(digits).toFixed(1)),
  );
}

/** Draws the picture as SVG. */
export async function drawCounters(report: CountersReport): Promise<string> {
  return rounded(await new View(parse(compile(pictureSpec(report)).spec), { renderer: "none" }).toSVG());
}
