/** The one error of this folder that callers are expected to catch: a trace that cannot be written or read. */

/** What a {@link TraceError} is made of. */
export interface TraceErrorParts {
  /** What is wrong, as a clause: "the checksum of chunk 3 does not match". */
  what: string;
  /** File or folder, with the byte offset where one is known: "run/events: byte 1024". */
  where: string;
  /** What the user can do about it. */
  mend: string;
  /** The error of the system that led to this one. */
  cause?: unknown;
}

/**
 * A trace that cannot be created, written or read.
 *
 * The message says what is wrong, where, and how to mend it; the parts are there for reporters.
 *
 * @example
 * ```ts
 * throw new TraceError({ what: "No trace is there", where: "run/meta.json", mend: "record one first" });
 * ```
 */
export class TraceError extends Error {
  override readonly name = "TraceError";
  readonly what: string;
  readonly where: string;
  readonly mend: string;

  constructor({ what, where, mend, cause }: TraceErrorParts) {
    super(`${what} (${where}): ${mend}`, cause === undefined ? undefined : { cause });
    this.what = what;
    this.where = where;
    this.mend = mend;
  }
}

/** The errno name of a failed file operation ("ENOENT"), or undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
