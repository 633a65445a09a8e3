/** Files of /proc about processes that may end at any moment. */
import { readFileSync } from "node:fs";
import { isErrnoException } from "./errno-exception.ts";

/**
 * A file of /proc about a process, as text.
 *
 * @returns Undefined if the process is gone: open(2) has ENOENT then, read(2) ESRCH.
 */
export function readProcFile(path: string, encoding: "latin1" | "utf8" = "latin1"): string | undefined {
  try {
    return readFileSync(path, encoding);
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}

/** Whether an error of a file below /proc says that the process is gone. */
export function saysGone(error: unknown): boolean {
  return isErrnoException(error, "ENOENT", "ESRCH");
}
