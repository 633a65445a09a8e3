/** The summary that a person reads: a table per suite, details of what went wrong, the totals. */

import { readProgress } from "../files/mod.ts";
import { usualTimes } from "../history/mod.ts";
import { errorColumns, isRichTerminal, outputColumns, print, say } from "../output/mod.ts";
import type { Reporter, RunSummary } from "../run/mod.ts";
import { failureDetails, noteDetails } from "./details.ts";
import { harmless, harmlessResults } from "./harmless.ts";
import { LiveLines, plainLine, SlowWatch } from "./live-lines.ts";
import { type Style, styleFor } from "./style.ts";
import { tableOf } from "./table-rows.ts";
import { othersLine, totalsLine } from "./totals.ts";

/**
 * The summary as text: failures first, then the tables, what else is to be said of tests, and the totals.
 *
 * @param columns Room for the tables. @default as much as they take
 */
export function summaryText(summary: RunSummary, style: Style, columns = Number.POSITIVE_INFINITY): string {
  const { failed } = summary;
  const results = harmlessResults(summary.results);
  const scriptProblems = harmless(summary.scriptProblems);
  const teardownProblems = harmless(summary.teardownProblems);
  const failures = [
    ...failureDetails(results, style),
    ...scriptProblems.map(({ path, reason }) => `  ${style.bad("script")} ${path}: ${reason}`),
    ...teardownProblems.flatMap((problem) =>
      problem.split("\n").map((line, at) => (at === 0 ? `  ${style.bad("broken")} ${line}` : `    ${line}`)),
    ),
  ];
  const tables = [...Map.groupBy(results, ({ test }) => test.suite)].flatMap(([suite, group]) => [
    style.strong(suite),
    ...tableOf(group, style, columns - INDENT.length).map((line) => INDENT + line),
    "",
  ]);
  const notes = [
    ...noteDetails(results, style),
    ...hostLines(summary).map((line) => `  ${style.warn("kernel")} ${line}`),
  ];
  const totals = totalsLine(summary);
  return [
    ...(failures.length > 0 ? [...failures, ""] : []),
    ...tables,
    ...(notes.length > 0 ? [...notes, ""] : []),
    style.dim(othersLine(summary)),
    failed > 0 ? style.bad(totals) : style.good(totals),
    "",
  ].join("\n");
}

const INDENT = "  ";

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
  const follow = isRichTerminal(2) ? followOnTerminal() : followPlainly();
  return (event) => {
    follow(event);
    if (event.kind === "run-finished") print(summaryText(event.summary, style, outputColumns()));
  };
}

/** Lines for what is being run, with the time that goes on. */
function followOnTerminal(): Reporter {
  let usual: ReadonlyMap<string, number> = new Map();
  // Estimates come when the history has told of them: no run waits for that.
  void usualTimes().then((times) => {
    usual = times;
  });
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

/** How often it is looked for what has become slow. */
const SLOW_MS = 1000;

/** A line for each attempt that has ended, and one for each phase that takes long. */
function followPlainly(): Reporter {
  const slow = new SlowWatch(() => performance.now());
  let looking: Timer | undefined;
  return (event) => {
    slow.see(event);
    const line = plainLine(event);
    if (line !== undefined) say(line);
    if (event.kind === "run-finished") clearInterval(looking);
    if (event.kind !== "run-started") return;
    looking = setInterval(() => slow.look().forEach(say), SLOW_MS);
    looking.unref();
  };
}
