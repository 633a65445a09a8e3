/** Errors of the file system, as node's functions throw them. */

/** The system's own words for a failed file operation, or the error as text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether something thrown is such an error with one of these codes, for instance `"ENOENT"`. */
export function isErrnoException(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
