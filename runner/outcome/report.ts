/**
 * The result of `record` and `replay` as JSON, for `--report FILE`: so that whoever started them can tell
 * the program's own exit code 1 from a divergence.
 */
import { readFileSync } from "node:fs";
import type { RecordResult, ReplayResult } from "../../engine/mod.ts";
import { describeError, type Fault, faultOf } from "../errors/mod.ts";
import { checkWritable, writeWhole } from "../files/mod.ts";

export type { Exit } from "../../engine/mod.ts";

/** What `record --report` writes. */
export type RecordReport = { kind: "record"; directory: string } & RecordResult;
/** What `replay --report` writes. */
export type ReplayReport = { kind: "replay"; directory: string } & ReplayResult;
/** What both write where the engine could not begin or go on at all. */
export type ErrorReport = { kind: "error"; fault: Fault; message: string };
export type Report = RecordReport | ReplayReport | ErrorReport;

/** Writes a report in one step, so that a reader finds all of it or nothing. */
export function writeReport(path: string, report: Report): void {
  writeWhole(path, `${JSON.stringify(report)}\n`);
}

/**
 * Reads a report back.
 *
 * @param path The file that was given as `--report`.
 * @returns The report, or undefined if the process ended before it wrote one.
 */
export function readReport(path: string): Report | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined; // it was never written
  }
  return JSON.parse(text) as Report;
}

/**
 * Runs a step of the engine and writes its report, also if it throws.
 *
 * @param path The file for the report; none is written if undefined.
 * @param step What to do; it returns what to report.
 * @returns What the step returned.
 */
export function reporting<R extends Report>(path: string | undefined, step: () => R): R {
  if (path !== undefined) checkWritable("--report", path);
  try {
    const report = step();
    if (path !== undefined) writeReport(path, report);
    return report;
  } catch (error) {
    const message = describeError(error);
    if (path !== undefined) writeReport(path, { kind: "error", fault: faultOf(error), message });
    throw error;
  }
}
