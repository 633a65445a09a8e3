/** Short words for what a process left: for messages of all engines. */

import type { Exit } from "../outcome/mod.ts";
import { signalName } from "../text/mod.ts";

/** Lines of a process's output that a message shows. */
const LINES_SHOWN = 10;

/** "exit code 3" or "death by SIGTERM". */
export function describeExit(exit: Exit | undefined): string {
  if (exit === undefined) return "no end";
  return "code" in exit ? `exit code ${exit.code}` : `death by ${signalName(exit.signal)}`;
}

/** The end of what a process said, where errors are. */
export function lastLines(bytes: Buffer | string, lines: number = LINES_SHOWN): string {
  return bytes.toString().trimEnd().split("\n").slice(-lines).join("\n");
}
