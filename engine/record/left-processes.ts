/**
 * What a program leaves behind: processes that live on when the first one has ended. A recording ends with the first one,
 * as the shell's prompt comes back then; what is left is ended, and named.
 */
import { readProcFile } from "../proc-file.ts";
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
  const words = readProcFile(`/proc/${pid}/cmdline`, "utf8")?.split("\0") ?? [];
  words.pop();
  if (words.length > 0) return words;
  const name = readProcFile(`/proc/${pid}/comm`, "utf8");
  // Killed from outside this very moment.
  return name === undefined ? [] : [name.trimEnd()];
}
