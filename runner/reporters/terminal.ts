/** The summary that a person reads: a table per suite, details of what went wrong, the totals. */
import { usualTimes } from "../history/mod.ts";
import { errorColumns, isRichTerminal, print, say } from "../output.ts";
import { counted } from "../plural.ts";
import { readProgress } from "../progress-file.ts";
import type { Reporter, RunSummary, TestResult } from "../run/mod.ts";
import { detailLines } from "./details.ts";
import { LiveLines, plainLine } from "./live-lines.ts";
import { type Style, styleFor } from "./style.ts";
import { layOut } from "./table.ts";
import { columnsOf, rowsOf, seconds } from "./table-rows.ts";

/** The summary as text. */
export function summaryText(summary: RunSummary, style: Style): string {
  const { results, passed, failed, skipped, milliseconds, interrupted, stoppedByFailures } = summary;
  const bySuite = Map.groupBy(results, ({ test }) => test.suite);
  const inOrder = [...bySuite.values()].flat();
  const [head = "", ...lines] = layOut(columnsOf(inOrder), rowsOf(inOrder, style), style.dim);
  const tables = [...bySuite].flatMap(([suite, group]: [string, TestResult[]]) => [
    style.strong(suite),
    `  ${head}`,
    ...lines.splice(0, group.length).map((line) => `  ${line}`),
    "",
  ]);
  const details = [
    ...detailLines(results, style),
    ...summary.scriptProblems.map(({ path, reason }) => `  ${style.bad("script")} ${path}: ${reason}`),
    ...hostLines(summary).map((line) => `  ${style.warn("kernel")} ${line}`),
  ];
  const attempts = results.reduce((sum, result) => sum + result.attempts.length, 0);
  const ended = interrupted ? "; ended early" : stoppedByFailures ? "; ended early: enough tests failed" : "";
  const others = otherCounts(summary);
  const totals = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [
    ...tables,
    ...(details.length > 0 ? [...details, ""] : []),
    style.dim(`${counted(attempts, "attempt")} in ${seconds(milliseconds)}${others}${ended}`),
    failed > 0 ? style.bad(totals) : style.good(totals),
    "",
  ].join("\n");
}

/** What the last line does not count: expected failures, and how many passes are marked. */
function otherCounts({ results, xfailed, flaky }: RunSummary): string {
  const kinds = results.map(({ verdict }) => verdict);
  const xpassed = kinds.filter(({ kind }) => kind === "xpass").length;
  const flagged = kinds.filter((verdict) => verdict.kind === "pass" && verdict.flags !== undefined).length;
  const told = [
    ...(flaky > 0 ? [`${flaky} of the passed flaky: they passed when they were tried again`] : []),
    ...(xfailed > 0 ? [`${xfailed} failed as expected (xfail)`] : []),
    ...(xpassed > 0 ? [`${xpassed} of the failed passed unexpectedly (xpass)`] : []),
    ...(flagged > 0 ? [`${flagged} of the passed flagged`] : []),
  ];
  return told.map((words) => `; ${words}`).join("");
}

/** What is to be said of the kernel below the run, not of one test. */
function hostLines({ kernelLogReadable, settingChanges }: RunSummary): string[] {
  return [
    ...(kernelLogReadable ? [] : ["log can't be read here, so it was not watched (kernel.dmesg_restrict)"]),
    ...settingChanges.map(
      ({ name, before = "missing", after = "missing" }) =>
        `changed ${name} under the run: ${before} before, ${after} after`,
    ),
  ];
}

/** How often the lines of what runs are brought up to date. */
const DRAW_MS = 250;

/** A reporter that prints the summary to standard output, and to standard error what is going on. */
export function terminalReporter(): Reporter {
  const style = styleFor(isRichTerminal(1));
  const follow = isRichTerminal(2) ? followOnTerminal() : followPlainly;
  return (event) => {
    follow(event);
    if (event.kind === "run-finished") print(summaryText(event.summary, style));
  };
}

/** Lines for what is being run, with the time that goes on. */
function followOnTerminal(): Reporter {
  const usual = usualTimes();
  const live = new LiveLines({
    write: say,
    now: () => performance.now(),
    columns: errorColumns,
    usual: ({ id }) => usual.get(id),
    progress: readProgress,
  });
  let drawing: Timer | undefined;
  return (event) => {
    if (event.kind === "run-finished") clearInterval(drawing);
    live.show(event);
    if (event.kind !== "run-started") return;
    drawing = setInterval(() => live.draw(), DRAW_MS);
    drawing.unref();
  };
}

/** A line for each attempt that has ended. */
const followPlainly: Reporter = (event) => {
  const line = plainLine(event);
  if (line !== undefined) say(line);
};
