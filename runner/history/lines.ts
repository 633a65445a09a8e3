/** A history as JSON lines, which every store can be made of and can be written as: a run, its attempts, baselines. */
import type { Baseline, KeptAttempt, RunInfo } from "./rows.ts";

/** A run, by the name that it has in every store. */
export interface RunLine extends RunInfo {
  uid: string;
  finished: boolean;
}

/** An attempt, with the name of its run. */
export interface AttemptLine extends KeptAttempt {
  run: string;
}

/** A baseline; "" stands for a run that is gone. */
export interface BaselineLine extends Omit<Baseline, "run"> {
  host: string;
  run: string;
}

/** One line. The first of a file says what it is. */
export type Line =
  | { history: typeof LINES_VERSION }
  | { run: RunLine }
  | { attempt: AttemptLine }
  | { baseline: BaselineLine };

/** Version of the lines: another one is refused. */
export const LINES_VERSION = 1;

/** The text of a line, with its end. */
export function lineText(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}
