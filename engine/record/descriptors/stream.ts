/**
 * Which descriptors of the program lead to the standard output or error that the recorder was given: what goes out
 * there is shown again in replay.
 *
 * A descriptor does if it is the very open file (inherited, duplicated, sent over a socket), or a file of its own
 * that leads to the same pipe, terminal or regular file (`/dev/stderr`, `/dev/tty`, `/proc/self/fd/1`). Devices
 * are compared as open files only: all that a program throws into /dev/null is not output because the recorder's
 * own goes there.
 */
import { type Stats, statSync } from "node:fs";
import { isErrno, isTerminal, KCMP, kcmp } from "../../../ffi/mod.ts";

/** A standard stream of the recorder; 0 is none. */
export type Stream = 0 | 1 | 2;

/** Device number of /dev/tty, which stands for the terminal of whoever opens it (Documentation/admin-guide/devices.txt). */
const DEV_TTY = 5 << 8;

/**
 * Where a descriptor leads.
 *
 * @param tid A task that has it.
 */
export function streamAt(tid: number, fd: number): Stream {
  const order = fd === 2 ? ([2, 1] as const) : ([1, 2] as const);
  return order.find((own) => isOpenFile(tid, own, fd)) ?? order.find((own) => isSameSink(tid, own, fd)) ?? 0;
}

/** Whether a descriptor of a task is the very open file that the recorder has at `own`. */
function isOpenFile(tid: number, own: number, fd: number): boolean {
  try {
    return kcmp(process.pid, tid, KCMP.FILE, own, fd) === 0;
  } catch (error) {
    if (isErrno(error, "EBADF")) return false;
    // Kernels without kcmp, and containers that forbid it: the same inode is the next best answer.
    if (isErrno(error, "ENOSYS") || isErrno(error, "EPERM")) {
      const [mine, theirs] = files(tid, own, fd);
      return isSameInode(mine, theirs);
    }
    throw error;
  }
}

function isSameSink(tid: number, own: number, fd: number): boolean {
  const [mine, theirs] = files(tid, own, fd);
  if (isSameInode(mine, theirs)) return mine.isFIFO() || mine.isFile() || isTerminal(own);
  return theirs?.isCharacterDevice() === true && theirs.rdev === DEV_TTY && isTerminal(own);
}

function files(tid: number, own: number, fd: number): [Stats | undefined, Stats | undefined] {
  return [
    statSync(`/proc/self/fd/${own}`, { throwIfNoEntry: false }),
    statSync(`/proc/${tid}/fd/${fd}`, { throwIfNoEntry: false }),
  ];
}

function isSameInode(mine: Stats | undefined, theirs: Stats | undefined): mine is Stats {
  return mine !== undefined && theirs !== undefined && mine.dev === theirs.dev && mine.ino === theirs.ino;
}
