/** What the kernel says of a task that is not the recorder's at the moment (proc_pid_stat(5), state). */
import { existsSync } from "node:fs";
import { close, isErrno, O, open, pread, SIG, SIGRT, signalBit } from "../../ffi/mod.ts";
import { readProcFile } from "../proc-file.ts";
import { readMaps } from "../proc-maps.ts";
import { CONTEXT_BASE } from "../translate/context.ts";

/** The state stands behind the program's name, which has at most 15 bytes (TASK_COMM_LEN) and is in parentheses. */
const ENOUGH = 64;
const buffer = new Uint8Array(ENOUGH);
const CLOSING = ")".charCodeAt(0);

/** One letter; undefined if there is no such task any more. */
export function stateOf(tid: number): string | undefined {
  const fd = openStat(tid);
  if (fd === undefined) return undefined;
  try {
    return stateIn(fd);
  } finally {
    close(fd);
  }
}

/** Opens the file that a task's state is in; undefined if there is no such task any more. */
export function openStat(tid: number): number | undefined {
  try {
    return open(`/proc/${tid}/stat`, O.RDONLY);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The letter that such a file has now; undefined if its task has ended since it was opened. */
function stateIn(fd: number): string | undefined {
  try {
    const text = buffer.subarray(0, pread(fd, buffer, 0));
    return String.fromCharCode(text[text.lastIndexOf(CLOSING) + 2] ?? 0);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
}

/** Where the processor stands in that file, counted from the state (proc_pid_stat(5): fields 39 and 3). */
const PROCESSOR = 39 - 3;

/** The processor that a task was on last; undefined if there is no such task any more. */
export function processorIn(tid: number): number | undefined {
  const text = readProcFile(`/proc/${tid}/stat`);
  if (text === undefined) return undefined;
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[PROCESSOR]);
}

/** Whether a task is dead, waited for or not. */
export function isGone(tid: number): boolean {
  const letter = stateOf(tid);
  return letter === undefined || letter === "Z" || letter === "X";
}

/** Whether a task is one of a process by that id still: with a successful execve a thread gets the leader's. */
export function isTaskOf(pid: number, tid: number): boolean {
  return existsSync(`/proc/${pid}/task/${tid}`);
}

/**
 * Whether an execve that seems to have failed has killed its task: past the point of no return the kernel forces SIGSEGV on
 * what has no program any more (bprm_execve in fs/exec.c, Linux 6.18).
 */
export function diesInExecve(tid: number): boolean {
  // The code cache is in every program that runs; a signal that somebody else has sent finds it there.
  return hasPending(tid, SIG.SIGSEGV) && !hasMapped(tid, CONTEXT_BASE);
}

function hasMapped(tid: number, address: number): boolean {
  return readMaps(tid).some(({ start, end }) => start <= address && address < end);
}

/** Whether a task has ended, but for being waited for. */
export function isZombie(tid: number): boolean {
  return stateOf(tid) === "Z";
}

/** Whether a task is at work in the kernel: it neither sleeps nor has stopped. */
export function isAwake(tid: number): boolean {
  return stateOf(tid) === "R";
}

/** {@link isAwake} by the file of {@link openStat}; undefined if the task has ended. */
export function isAwakeBy(fd: number): boolean | undefined {
  const letter = stateIn(fd);
  return letter === undefined ? undefined : letter === "R";
}

/**
 * Whether a task is in the midst of something: awake, or in a sleep that nothing breaks off, which is for a disk or a
 * lock inside the kernel.
 */
export function isBusy(tid: number): boolean {
  const letter = stateOf(tid);
  return letter === "R" || letter === "D";
}

/** The signals that a process ignores (proc_pid_status(5), SigIgn). */
export function ignoredSignals(pid: number): number[] {
  const [, digits = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readProcFile(`/proc/${pid}/status`) ?? "") ?? [];
  const mask = BigInt(`0x${digits}`);
  return Array.from({ length: SIGRT.MAX }, (_, i) => i + 1).filter(
    (signal) => (mask & signalBit(signal)) !== 0n,
  );
}

/** Whether a task blocks a signal, as the kernel has it (proc_pid_status(5), SigBlk). */
export function isBlocked(tid: number, signal: number): boolean {
  const [, mask = "0"] = /^SigBlk:\s*([0-9a-f]+)$/m.exec(readProcFile(`/proc/${tid}/status`) ?? "") ?? [];
  return (BigInt(`0x${mask}`) & signalBit(signal)) !== 0n;
}

/** The user that a task runs as; 0 of one that is gone. */
export function userOf(tid: number): number {
  return Number(/^Uid:\s*(\d+)/m.exec(readProcFile(`/proc/${tid}/status`) ?? "")?.[1] ?? 0);
}

/** The parent of a task's process; 0 of one that is gone. */
export function parentOf(tid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readProcFile(`/proc/${tid}/status`) ?? "")?.[1] ?? 0);
}

/** The process group of a task; 0 of one that is gone. */
export function groupOf(tid: number): number {
  const text = readProcFile(`/proc/${tid}/stat`) ?? "";
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[2] ?? 0);
}

/** Whether a signal waits for a task or its process (proc_pid_status(5), SigPnd and ShdPnd); not if the task is gone. */
export function hasPending(tid: number, signal: number): boolean {
  const status = readProcFile(`/proc/${tid}/status`) ?? "";
  const bit = signalBit(signal);
  return [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].some(
    ([, mask = "0"]) => (BigInt(`0x${mask}`) & bit) !== 0n,
  );
}
