/**
 * `hostlog.json`: what the kernels of a described host have logged while a program was recorded on it. The guest's log is
 * one that the program could read; the log of the machine below is one that no guest ever sees. Written at the end, in
 * one step; a trace of this machine's own has none.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ffi/mod.ts";
import { reasonOf } from "../errno-exception.ts";
import { HOST_LOG_NAME } from "./layout.ts";
import { MAX_HOST_LOG_BYTES, MAX_HOST_LOG_LINES } from "./limits.ts";
import { NotPlainError, readPlain } from "./plain-file.ts";
import { TraceError } from "./trace-error.ts";

/** A line of a log. */
export interface HostLogLine {
  /** Whose: of the kernel that the program saw, or of the machine below. */
  readonly of: "guest" | "host";
  /** Events that there were before it. */
  readonly event: number;
  readonly text: string;
  /** How often it was said. */
  readonly count: number;
}

/** Writes the log; nothing where there is nothing to tell. */
export function writeHostLog(dir: string, lines: readonly HostLogLine[]): void {
  if (lines.length === 0) return;
  const path = join(dir, HOST_LOG_NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(lines.slice(0, MAX_HOST_LOG_LINES))}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Reads the log of a trace.
 *
 * @returns Its lines; none where the trace has no log.
 * @throws {TraceError} If it is damaged.
 */
export function readHostLog(dir: string): HostLogLine[] {
  let text: string;
  try {
    text = readPlain(dir, HOST_LOG_NAME, MAX_HOST_LOG_BYTES);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw damaged(dir, error instanceof NotPlainError ? error.message : reasonOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(dir, reasonOf(error));
  }
  if (!Array.isArray(value) || value.length > MAX_HOST_LOG_LINES)
    throw damaged(dir, "it is no list of lines");
  const wrong = value.findIndex((line) => !isLine(line));
  if (wrong >= 0) throw damaged(dir, `entry ${wrong} is no line of a log`);
  return value;
}

function isLine(value: unknown): value is HostLogLine {
  if (typeof value !== "object" || value === null) return false;
  const { of, event, text, count } = value as Record<string, unknown>;
  const counts = [event, count].every((number) => Number.isSafeInteger(number) && Number(number) >= 0);
  return (of === "guest" || of === "host") && typeof text === "string" && counts;
}

function damaged(dir: string, what: string): TraceError {
  return new TraceError({
    what: `the log of the described host is damaged: ${what}`,
    where: join(dir, HOST_LOG_NAME),
    mend: "record it again, or remove this file: nothing else needs it",
  });
}

/** A line as `info` and `dump` show it: "guest log [    0.004000] perf: interrupt took too long …". */
export function formatHostLine({ of, text, count }: HostLogLine): string {
  return count > 1 ? `${of} log ${text} (${count} times)` : `${of} log ${text}`;
}
