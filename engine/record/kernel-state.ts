/** What the kernel says of a task that is not the recorder's at the moment (proc_pid_stat(5), state). */
import { readFileSync } from "node:fs";

function state(tid: number): string | undefined {
  const stat = readFileSync(`/proc/${tid}/stat`, "latin1");
  return stat[stat.lastIndexOf(")") + 2];
}

/** Whether a task has ended, but for being waited for. */
export function isZombie(tid: number): boolean {
  return state(tid) === "Z";
}

/** Whether a task sleeps in a system call, or has stopped behind it. */
export function isAsleep(tid: number): boolean {
  return state(tid) !== "R";
}
