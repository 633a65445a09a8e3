/** Errors of the file system, as node's functions throw them. */

/** The system's own words for a failed file operation, or the error as text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether something thrown is such an error with this code, for instance `"ENOENT"`. */
export function isErrnoException(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
