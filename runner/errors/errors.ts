/** Errors that are the user's to mend: one line without a stack trace, exit code 2. */

/** The command line, a manifest or the host is not what it must be. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A manifest or a script is not what it must be: the command line is right, a file of the user's is to be mended. */
export class ManifestError extends UsageError {}

/** What was asked for is right, but there is nothing of that kind. */
export class NothingMatched extends UsageError {}

/** Names of the errors whose message alone is meant for the user; the engine's are loaded on demand only. */
const USER_ERRORS: ReadonlySet<string> = new Set([
  "UsageError",
  "EngineError",
  "HostFault",
  "Unsupported",
  "TraceError",
  "SyscallError",
  "EventNameError",
]);

/** What a file system refused: node's errors carry the call and mostly the path. */
interface SystemError extends Error {
  code: string;
  syscall: string;
  path?: string;
}

/** Refusals that come from where files lie and what may be written there. */
const REFUSALS: ReadonlySet<string> = new Set([
  "EACCES",
  "EDQUOT",
  "EEXIST",
  "EIO",
  "EFBIG",
  "EISDIR",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOENT",
  "ENOSPC",
  "ENOTDIR",
  "EPERM",
  "EROFS",
]);

/** What to do about refusals that another name would not change. */
const LIMITS: ReadonlyMap<string, string> = new Map([
  ["EFBIG", "raise the limit of file sizes (ulimit -f unlimited)"],
  ["EMFILE", "raise the limit of open files (ulimit -n)"],
  ["ENFILE", "raise fs.file-max (sysctl), or close files elsewhere on this machine"],
  ["ENOMEM", "free some memory, or raise the limit of the cgroup"],
  ["ENOSPC", "make room there, or name a place on another disk"],
  ["EDQUOT", "make room within the quota, or name a place on another disk"],
  ["EIO", "look at what the kernel says of that disk (dmesg)"],
]);

function isRefusal(error: unknown): error is SystemError {
  // A SyscallError of our own says what to do already.
  if (!(error instanceof Error) || error.name === "SyscallError") return false;
  return "syscall" in error && "code" in error && REFUSALS.has(String(error.code));
}

/**
 * Whether `error` is the user's to mend, so that its message says it all.
 *
 * @param error Anything that was thrown.
 * @returns True if no stack trace should be shown.
 */
export function isUserError(error: unknown): error is Error {
  return isRefusal(error) || (error instanceof Error && USER_ERRORS.has(error.name));
}

/** Who can mend what went wrong: whoever asked, nobody on this engine, whoever keeps the host, or we. */
export type Fault = "usage" | "unsupported" | "host" | "internal";

/** Errors of the host; what of a trace can't be written or read is one for whom it was made for. */
const HOST_ERRORS: ReadonlySet<string> = new Set(["HostFault", "SyscallError", "TraceError"]);

/**
 * Whose fault it is.
 *
 * @param error Anything that was thrown.
 */
export function faultOf(error: unknown): Fault {
  if (!isUserError(error)) return "internal";
  if (error.name === "Unsupported") return "unsupported";
  return isRefusal(error) || HOST_ERRORS.has(error.name) ? "host" : "usage";
}

/**
 * Puts an error in words: its message if it is the user's to mend, else also where it happened.
 *
 * @param error Anything that was thrown.
 */
export function describeError(error: unknown): string {
  if (isRefusal(error)) {
    const where = error.path === undefined ? "" : ` (${error.path})`;
    const mend = LIMITS.get(error.code) ?? "name a place that can be used";
    return `the system refused to ${error.syscall}${where}: ${error.message}; ${mend}`;
  }
  if (isUserError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
