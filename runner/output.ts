/**
 * Writing to the terminal without process.stdout and process.stderr: those may make the file description
 * non-blocking, which the recorded program shares and would then see as EAGAIN.
 */
import { writeSync } from "node:fs";
import { isTerminal, terminalColumns } from "../ffi/mod.ts";

const RETRY_MS = 2;

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function writeAll(fd: number, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Bun.sleepSync(RETRY_MS);
    }
  }
}

/** Writes to standard output. A reader that went away (`| head`) ends the process quietly. */
export function print(text: string | Uint8Array): void {
  try {
    writeAll(1, text);
  } catch (error) {
    if (errorCode(error) === "EPIPE") process.exit(0);
    throw error;
  }
}

/** Writes the tool's own words to standard error; one that is closed is no reason to fail. */
export function say(text: string | Uint8Array): void {
  try {
    writeAll(2, text);
  } catch (error) {
    if (errorCode(error) !== "EPIPE" && errorCode(error) !== "EBADF") throw error;
  }
}

/** Columns of the terminal that standard error is; infinite for what is none. */
export function errorColumns(): number {
  return terminalColumns(2) ?? Number.POSITIVE_INFINITY;
}

/** Columns that standard output has room for: of its terminal, or `$COLUMNS`; infinite in files and pipes. */
export function outputColumns(): number {
  const told = Number(process.env.COLUMNS);
  return Number.isSafeInteger(told) && told > 0 ? told : (terminalColumns(1) ?? Number.POSITIVE_INFINITY);
}

/**
 * Whether colours and live lines may be used on a file descriptor.
 *
 * @param fd 1 for standard output, 2 for standard error.
 */
export function isRichTerminal(fd: 1 | 2): boolean {
  const { NO_COLOR, TERM } = process.env;
  return isTerminal(fd) && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
}
