/** Counting events of a program while it runs: the door of this folder. */

import type { HostModel } from "../../engine/host/mod.ts";
import { ENDING_SIGNALS } from "../../engine/interrupts.ts";
import { findProgram } from "../../engine/program.ts";
import { installInterrupts, restoreDefault, SIG, setTimer } from "../../ffi/mod.ts";
import { loadRunnableProfile } from "../host/mod.ts";
import { type StatRow, statRows } from "./events.ts";
import { measureRun, type StatRun } from "./measure.ts";
import { measureDescribed } from "./measure-described.ts";
import { type StatSummary, summarizeRuns } from "./summary.ts";
import type { Targets } from "./targets.ts";

export { statCsv } from "./csv.ts";
export type { EventSummary, Spread, StatSummary } from "./summary.ts";
export { type TargetOptions, type Targets, targetsOf } from "./targets.ts";
export { intervalText, statText } from "./text.ts";

/** What to count, of which program, how often. */
export interface StatOptions {
  /** Empty where only targets are counted. */
  readonly command: readonly string[];
  /** As `-e` has it; undefined for the usual ones. */
  readonly events: string | undefined;
  /** Of `-d`: more of the usual ones. */
  readonly detailed?: boolean;
  readonly repeat: number;
  /** A described host to count on: a name or a profile's file. @default this machine */
  readonly host?: string | undefined;
  /** Whom to count instead of the program. */
  readonly targets?: Targets | undefined;
  /** Milliseconds of an interval, and who is told of each. @default only the end is reported */
  readonly interval?: number | undefined;
  readonly onInterval?: (summary: StatSummary, seconds: number) => void;
}

/** A run of which only a part is told. */
const NOTHING: Omit<StatRun, "rows" | "elapsed"> = {
  end: { kind: "exited", code: 0 },
  interrupted: undefined,
  user: 0,
  system: 0,
};

/**
 * Runs a program and counts, or counts what runs already. Blocks; ends early when it is interrupted, with what there is.
 *
 * @returns The report, and the last run.
 * @throws {EventNameError} For an event that is none.
 * @throws {SyscallError} When the kernel refuses to count or to run it; {EngineError} when there is no such program.
 */
export function countRuns(options: StatOptions): { summary: StatSummary; last: StatRun } {
  const { command, targets, interval } = options;
  if (options.host !== undefined) return countDescribed(options, options.host);
  const rows = statRows(options.events, undefined, options.detailed);
  const program =
    command.length === 0
      ? undefined
      : {
          path: findProgram(command[0] ?? "", process.env.PATH ?? "", process.cwd()),
          argv: command,
          env: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
        };
  const of = targets && { target: targets.name };
  const report = (shown: StatRun["rows"], seconds: number) => {
    const part: StatRun = { ...NOTHING, elapsed: seconds, rows: shown };
    options.onInterval?.(summarizeRuns(command, rows, [part], of), seconds);
  };
  const measure = () =>
    measureRun(program, rows, {
      targets,
      interval: interval === undefined ? undefined : { milliseconds: interval, report },
    });
  const interrupts = [...ENDING_SIGNALS, SIG.SIGALRM];
  installInterrupts(interrupts);
  try {
    let last = measure();
    const runs = [last];
    while (runs.length < options.repeat && last.interrupted === undefined) {
      last = measure();
      runs.push(last);
    }
    return { summary: summarizeRuns(command, rows, runs, of), last };
  } finally {
    setTimer(0);
    for (const signal of interrupts) restoreDefault(signal);
  }
}

/** The same on a described host, one recording after the other. */
function countDescribed({ command, events, detailed, repeat }: StatOptions, host: string) {
  const profile = loadRunnableProfile(host);
  let rows: readonly StatRow[] = [];
  const rowsOf = (model: HostModel) => {
    rows = statRows(events, model, detailed);
    return rows;
  };
  let last = measureDescribed(command, profile, rowsOf);
  const runs = [last];
  while (runs.length < repeat && last.interrupted === undefined) {
    last = measureDescribed(command, profile, rowsOf);
    runs.push(last);
  }
  return { summary: summarizeRuns(command, rows, runs, { host: profile.name }), last };
}
