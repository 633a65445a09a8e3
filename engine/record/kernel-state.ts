/** What the kernel says of a task that is not the recorder's at the moment (proc_pid_stat(5), state). */
import { readFileSync } from "node:fs";
import { signalBit } from "../../ffi/mod.ts";

/** A file of proc; nothing if the task is gone. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}

/** The letter of its state; undefined if the task is gone. */
function state(tid: number): string | undefined {
  const stat = readIfThere(`/proc/${tid}/stat`);
  return stat[stat.lastIndexOf(")") + 2];
}

/** Whether a task is dead, waited for or not. */
export function isGone(tid: number): boolean {
  const letter = state(tid);
  return letter === undefined || letter === "Z" || letter === "X";
}

/** Whether a task has ended, but for being waited for. */
export function isZombie(tid: number): boolean {
  return state(tid) === "Z";
}

/** Whether a task sleeps in a system call, or has stopped behind it. */
export function isAsleep(tid: number): boolean {
  return state(tid) !== "R";
}

/** Whether a signal waits for a task or its process (proc_pid_status(5), SigPnd and ShdPnd); not if the task is gone. */
export function hasPending(tid: number, signal: number): boolean {
  const status = readIfThere(`/proc/${tid}/status`);
  const bit = signalBit(signal);
  return [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].some(
    ([, mask = "0"]) => (BigInt(`0x${mask}`) & bit) !== 0n,
  );
}
