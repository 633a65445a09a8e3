/**
 * Folders that are of use only as long as a process lives. A lock on a file in them says so: the kernel gives it back
 * however the process ends, so that whoever comes next can tell what `kill -9` has left from what is in use. (An id of a
 * process would not do: it comes again, and means another process in another container.)
 */
import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isErrnoException } from "../../engine/errno-exception.ts";
import { tryLock } from "../../ffi/mod.ts";

const IN_USE = ".in-use";

/**
 * Says that a folder is in use until this process ends.
 *
 * @returns To be called when it is not in use any more.
 */
export function claim(folder: string): () => void {
  const path = join(folder, IN_USE);
  // It has its lock when it gets its name: nobody sees it without.
  const fresh = `${path}.new`;
  const fd = openSync(fresh, "w");
  // Where files can't be locked, nobody could tell: the folder stays as it was.
  if (tryLock(fd)) renameSync(fresh, path);
  else rmSync(fresh);
  return () => {
    giveBack(folder);
    closeSync(fd);
  };
}

/** Says that a folder is in use no more, for a process that has ended. */
export function giveBack(folder: string): void {
  rmSync(join(folder, IN_USE), { force: true });
}

/** Whether a process has claimed a folder that has ended without giving it back. */
export function isAbandoned(folder: string): boolean {
  let fd: number;
  try {
    fd = openSync(join(folder, IN_USE), "r");
  } catch (error) {
    // Never claimed, given back, another user's, or no folder.
    if (isErrnoException(error, "ENOENT", "EACCES", "ENOTDIR")) return false;
    throw error;
  }
  try {
    return tryLock(fd);
  } finally {
    closeSync(fd);
  }
}
