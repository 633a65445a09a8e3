/**
 * What a program leaves behind: processes that live on when the first one has ended. A recording ends with the first one,
 * as the shell's prompt comes back then; what is left is ended, and named.
 */
import { readFileSync } from "node:fs";
import { isErrnoException } from "../errno-exception.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A process that was left. */
export interface LeftProcess {
  pid: number;
  /** Its arguments; its name where it has none. */
  command: string[];
}

/** The processes of tasks that live. */
export function leftProcesses(tasks: Iterable<RecordedTask>): LeftProcess[] {
  const pids = new Set([...tasks].map(({ process }) => process.pid));
  return [...pids].map((pid) => ({ pid, command: commandOf(pid) }));
}

function commandOf(pid: number): string[] {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    words.pop();
    return words.length > 0 ? words : [readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd()];
  } catch (error) {
    // Killed from outside this very moment.
    if (isErrnoException(error, "ENOENT") || isErrnoException(error, "ESRCH")) return [];
    throw error;
  }
}
