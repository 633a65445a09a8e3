/** What is said at the end of a whole command's recording: what failed, where the trace is, and how to replay it. */
import { basename } from "node:path";
import { oneLine, visibleLines } from "../../ffi/mod.ts";
import { describeExit } from "../engines/mod.ts";
import { typedCommand } from "../start/mod.ts";
import { counted } from "../text/mod.ts";
import type { Attempt } from "./attempt.ts";
import { failedTests } from "./failed-tests.ts";
import type { FailedProcess } from "./processes.ts";

/** Names that are shown of each kind; the rest is counted. */
const MOST_SHOWN = 8;
/** Width of the words before the entries. */
const COLUMN = 11;
/** Letters that are shown of a process's command. */
const MOST_LETTERS = 100;

/** Lines of a list, with a word for what was left out. */
function listed(title: string, entries: readonly string[]): string[] {
  const shown = entries.slice(0, MOST_SHOWN);
  const rest = entries.length - shown.length;
  const lines = rest > 0 ? [...shown, `and ${rest} more`] : shown;
  return lines.map((line, index) => `  ${(index === 0 ? title : "").padEnd(COLUMN)}${oneLine(line)}`);
}

/** A command in one line of some length. */
export function shorten(words: readonly string[]): string {
  const text = oneLine(words.join(" ").replaceAll(/\s+/g, " "));
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text;
}

/** How an attempt went, in a few words. */
export function describeEnd({ exit, report, problem }: Attempt): string {
  if (problem !== "") return visibleLines(problem);
  if (report?.outcome === "interrupted") return visibleLines(report.message || "interrupted");
  return exit === undefined ? "it has no end" : `ended with ${describeExit(exit)}`;
}

/**
 * The lines about an attempt that did not pass.
 *
 * @param command As it was given.
 * @param done What came of it.
 * @param processes Those of it that ended badly.
 * @param number Of the attempt; undefined where there is only one.
 */
export function failureSummary(
  command: readonly string[],
  done: Attempt,
  processes: readonly FailedProcess[],
  number: number | undefined,
): string {
  const { report, trace } = done;
  const which = number === undefined ? "" : `attempt ${number}: `;
  const tests = failedTests(done.output);
  const name = basename(trace);
  const cut = report?.cut
    ? [`  ${"budget".padEnd(COLUMN)}it was used up: the trace breaks off there (--budget, in MB)`]
    : [];
  const counts = report ? `  (${counted(report.events, "event")}, ${counted(report.ticks, "tick")})` : "";
  return [
    `tickproof: ${which}failed: ${shorten(command)}: ${describeEnd(done)}`,
    ...listed(tests.length === 1 ? "test" : "tests", tests),
    ...listed(
      processes.length === 1 ? "process" : "processes",
      processes.map(({ pid, command: words, exit }) => `${pid} ${shorten(words)}: ${describeExit(exit)}`),
    ),
    `  ${"trace".padEnd(COLUMN)}${trace}${counts}`,
    ...cut,
    `  ${"replay".padEnd(COLUMN)}${typedCommand()} replay ${name}`,
    `  ${"debug".padEnd(COLUMN)}${typedCommand()} debug ${name}`,
    "",
  ].join("\n");
}

/**
 * The lines about an attempt whose recorder was killed, or has a fault.
 *
 * @param events That it had written by then.
 */
export function crashSummary(
  command: readonly string[],
  { problem, trace }: Attempt,
  events: number,
): string {
  const what = `tickproof: ${problem}: ${shorten(command)}\n`;
  if (events === 0) return what;
  return [
    what.trimEnd(),
    `  ${"trace".padEnd(COLUMN)}${trace}  (it breaks off after ${counted(events, "event")})`,
    `  ${"replay".padEnd(COLUMN)}${typedCommand()} replay ${basename(trace)}`,
    "",
  ].join("\n");
}

/** What several attempts came to. */
export interface Tally {
  attempts: number;
  passed: number;
  /** Rounds that failed for good, and those that passed when they were tried again. */
  failed: number;
  flaky: number;
  /** Folder of the last trace that was kept of an attempt that passed. */
  kept: string | undefined;
}

/** The last line: what all attempts came to. Undefined where the summary of the only one has said it. */
export function lastLine({ attempts, passed, failed, flaky, kept }: Tally): string | undefined {
  if (attempts === 1 && failed > 0) return undefined;
  const what = attempts === 1 ? "passed" : `${passed} of ${counted(attempts, "attempt")} passed`;
  const again = flaky > 0 ? "; flaky: it failed, and passed when it was tried again" : "";
  const trace = kept === undefined ? "a trace of what passes is not kept (--keep does)" : `trace: ${kept}`;
  return `tickproof: ${what}${again}${passed > 0 ? `; ${trace}` : ""}\n`;
}
