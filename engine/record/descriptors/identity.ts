/** Which file a descriptor of a task is of, as /proc tells it. */
import { type BigIntStats, statSync } from "node:fs";

/** A file that is open. */
export interface FileIdentity {
  /** Device and inode: the same for all descriptors of the file. */
  readonly key: string;
  /** Whether it is a regular file. */
  readonly isFile: boolean;
}

/** The file that a descriptor of a task is of; undefined if it is not open. A copy is another file than what it is of. */
export function identityAt(tid: number, fd: number): FileIdentity | undefined {
  const stat: BigIntStats | undefined = statSync(`/proc/${tid}/fd/${fd}`, {
    bigint: true,
    throwIfNoEntry: false,
  });
  return stat && { key: `${stat.dev}:${stat.ino}`, isFile: stat.isFile() };
}

/** Device and inode of the file that a descriptor of a task is of; undefined if it is not open. */
export function identityOf(tid: number, fd: number): string | undefined {
  return identityAt(tid, fd)?.key;
}
