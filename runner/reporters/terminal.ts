/** The summary that a person reads: a table per suite, details of what went wrong, the totals. */
import { isRichTerminal, print, say } from "../output.ts";
import { counted } from "../plural.ts";
import type { Reporter, RunSummary, TestResult } from "../run/mod.ts";
import { detailLines } from "./details.ts";
import { LiveLine } from "./live-line.ts";
import { type Style, styleFor } from "./style.ts";
import { layOut } from "./table.ts";
import { COLUMNS, row, seconds } from "./table-rows.ts";

/** The summary as text. */
export function summaryText(summary: RunSummary, style: Style): string {
  const { results, passed, failed, skipped, milliseconds, interrupted } = summary;
  const bySuite = Map.groupBy(results, ({ test }) => test.suite);
  const rows = [...bySuite.values()].flatMap((group) => group.map((result) => row(result, style)));
  const [head = "", ...lines] = layOut(COLUMNS, rows, style.dim);
  const tables = [...bySuite].flatMap(([suite, group]: [string, TestResult[]]) => [
    style.strong(suite),
    `  ${head}`,
    ...lines.splice(0, group.length).map((line) => `  ${line}`),
    "",
  ]);
  const details = results.flatMap((result) => detailLines(result, style));
  const attempts = results.reduce((sum, result) => sum + result.attempts.length, 0);
  const ended = interrupted ? "; ended early" : "";
  const totals = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [
    ...tables,
    ...(details.length > 0 ? [...details, ""] : []),
    style.dim(`${counted(attempts, "attempt")} in ${seconds(milliseconds)}${ended}`),
    failed > 0 ? style.bad(totals) : style.good(totals),
    "",
  ].join("\n");
}

/** A reporter that prints the summary to standard output, and shows on a terminal what is going on. */
export function terminalReporter(): Reporter {
  const style = styleFor(isRichTerminal(1));
  const live = new LiveLine(isRichTerminal(2) ? say : () => {});
  return (event) => {
    live.show(event);
    if (event.kind === "run-finished") print(summaryText(event.summary, style));
  };
}
