/** The report for people: a row an operation, then the goals. */

import { styleFor } from "../../runner/reporters/style.ts";
import { type Cell, layOut } from "../../runner/reporters/table.ts";
import { counted } from "../../runner/text/mod.ts";
import { type CountersReport, describeGarbage, isClean, type RowReport } from "./report.ts";
import type { Histogram } from "./statistics.ts";

const BARS = " ▁▂▃▄▅▆▇█";
const SPARK_WIDTH = 16;

/** Counts as bars of one line, the highest bin full. */
export function sparkline({ counts }: Histogram, width = SPARK_WIDTH): string {
  const perBar = Math.max(1, Math.ceil(counts.length / width));
  const bars = Array.from({ length: Math.ceil(counts.length / perBar) }, (_, bar) =>
    counts.slice(bar * perBar, (bar + 1) * perBar).reduce((sum, count) => sum + count, 0),
  );
  const highest = Math.max(...bars);
  return bars.map((bar) => BARS[highest === 0 ? 0 : Math.ceil((bar / highest) * (BARS.length - 1))]).join("");
}

/** Nanoseconds with three or four digits that mean something. */
export function duration(nanoseconds: number): string {
  if (nanoseconds >= 10_000) return `${(nanoseconds / 1000).toFixed(1)} µs`;
  return `${nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0)} ns`;
}

const COLUMNS = [
  { title: "operation", align: "left" },
  { title: "Bun", align: "right" },
  { title: "p99", align: "right" },
  { title: "C", align: "right" },
  { title: "p99", align: "right" },
  { title: "ratio", align: "right" },
  { title: "95 %", align: "left" },
  { title: "garbage", align: "left" },
  { title: "Bun", align: "left" },
  { title: "C", align: "left" },
] as const;

function cells(row: RowReport): Cell[] {
  const texts = (...values: string[]) => values.map((text) => ({ text }));
  if (row.state === "skipped") return texts(row.name, "skip");
  const { name, js, c, ratio, garbage } = row;
  const left = [name, duration(js.median), duration(js.p99)];
  const right = [garbage ? (isClean(garbage) ? "none" : "some") : "", sparkline(js.histogram)];
  if (c === undefined || ratio === undefined) return texts(...left, "–", "–", "–", "", ...right);
  return texts(
    ...left,
    duration(c.median),
    duration(c.p99),
    `${ratio.median.toFixed(2)}×`,
    `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
    ...right,
    sparkline(c.histogram),
  );
}

/**
 * Lays the report out.
 *
 * @param rich Whether colours may be used.
 */
export function countersTable(report: CountersReport, rich: boolean): string {
  const style = styleFor(rich);
  const { rows, control, goals, rounds, c, host } = report;
  const lines = layOut(COLUMNS, rows.map(cells), style.dim);
  // What a skipped row says is longer than a column: it goes on over those that it does not fill.
  for (const [index, row] of rows.entries()) {
    if (row.state === "skipped") lines[index + 1] = style.dim(`${lines[index + 1]}: ${row.reason}`);
  }
  lines.push("");
  for (const { goal, value, met } of goals) {
    const verdict = met === undefined ? style.warn("open") : met ? style.good("met") : style.bad("missed");
    lines.push(`goal: ${goal}: ${value}, ${verdict}`);
  }
  for (const row of rows) {
    if (row.state === "measured" && row.note !== undefined) lines.push(style.dim(`${row.name}: ${row.note}`));
  }
  lines.push(
    style.dim(`to compare, reads that make a BigInt each: ${describeGarbage(control)}`),
    style.dim(
      `median, p99 and distribution of batches; ${counted(rounds, "round")}, Bun and C in turn; ${"missing" in c ? `no C: ${c.missing}` : c.compiler}`,
    ),
    style.dim(host),
  );
  return `${lines.join("\n")}\n`;
}
