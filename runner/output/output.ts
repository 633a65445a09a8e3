/**
 * Writing to the terminal without process.stdout and process.stderr: those may make the file description
 * non-blocking, which the recorded program shares and would then see as EAGAIN.
 */
import {
  ERRNO,
  isErrno,
  isTerminal,
  SyscallError,
  terminalColumns,
  writeNow,
  writeSome,
} from "../../ffi/mod.ts";

const NAMES = ["standard input", "standard output", "standard error"] as const;

/**
 * Writes all of a text. While a run's signals are caught, one that comes lets it write only what is read at once: who does
 * not read must not keep the run from ending.
 */
function writeAll(fd: 1 | 2, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? Buffer.from(text) : text;
  while (rest.length > 0) {
    let result = writeSome(fd, rest);
    if (result === -ERRNO.EINTR) result = writeNow(fd, rest);
    if (result === -ERRNO.EAGAIN) return;
    if (result < 0) throw new SyscallError(`write to ${NAMES[fd]}`, -result);
    rest = rest.subarray(result);
  }
}

/** Writes to standard output. A reader that went away (`| head`) ends the process quietly. */
export function print(text: string | Uint8Array): void {
  try {
    writeAll(1, text);
  } catch (error) {
    if (isErrno(error, "EPIPE")) process.exit(0);
    throw error;
  }
}

/**
 * Writes the tool's own words to standard error. One that is closed, or lies on a full disk, is no reason to fail, and there
 * is nobody who could be told.
 */
export function say(text: string | Uint8Array): void {
  try {
    writeAll(2, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
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
