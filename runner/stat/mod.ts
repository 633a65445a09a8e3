/** Counting events of a program while it runs: the door of this folder. */

import type { HostModel } from "../../engine/host/mod.ts";
import { ENDING_SIGNALS } from "../../engine/interrupts.ts";
import { findProgram } from "../../engine/program.ts";
import { installInterrupts, restoreDefault, SIG, setTimer } from "../../ffi/mod.ts";
import { loadProfile } from "../host/mod.ts";
import { type StatRow, statRows } from "./events.ts";
import { measureRun, type StatRun } from "./measure.ts";
import { measureDescribed } from "./measure-described.ts";
import { type StatSummary, summarizeRuns } from "./summary.ts";

export type { EventSummary, Spread, StatSummary } from "./summary.ts";
export { statText } from "./text.ts";

/** What to count, of which program, how often. */
export interface StatOptions {
  readonly command: readonly string[];
  /** As `-e` has it; undefined for the usual ones. */
  readonly events: string | undefined;
  readonly repeat: number;
  /** A described host to count on: a name or a profile's file. @default this machine */
  readonly host?: string | undefined;
}

/**
 * Runs a program and counts. Blocks; ends early when it is interrupted, with what there is.
 *
 * @returns The report, and the last run.
 * @throws {EventNameError} For an event that is none.
 * @throws {SyscallError} When the kernel refuses to count or to run it; {EngineError} when there is no such program.
 */
export function countRuns(options: StatOptions): { summary: StatSummary; last: StatRun } {
  const { command } = options;
  if (options.host !== undefined) return countDescribed(options, options.host);
  const rows = statRows(options.events);
  const program = {
    path: findProgram(command[0] ?? "", process.env.PATH ?? "", process.cwd()),
    argv: command,
    env: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
  };
  const interrupts = [...ENDING_SIGNALS, SIG.SIGALRM];
  installInterrupts(interrupts);
  try {
    let last = measureRun(program, rows);
    const runs = [last];
    while (runs.length < options.repeat && last.interrupted === undefined) {
      last = measureRun(program, rows);
      runs.push(last);
    }
    return { summary: summarizeRuns(command, rows, runs), last };
  } finally {
    setTimer(0);
    for (const signal of interrupts) restoreDefault(signal);
  }
}

/** The same on a described host, one recording after the other. */
function countDescribed({ command, events, repeat }: StatOptions, host: string) {
  const profile = loadProfile(host);
  let rows: readonly StatRow[] = [];
  const rowsOf = (model: HostModel) => {
    rows = statRows(events, model);
    return rows;
  };
  let last = measureDescribed(command, profile, rowsOf);
  const runs = [last];
  while (runs.length < repeat && last.interrupted === undefined) {
    last = measureDescribed(command, profile, rowsOf);
    runs.push(last);
  }
  return { summary: summarizeRuns(command, rows, runs, profile.name), last };
}
