/** Which file a descriptor of a task is of: a copy that stands for another file is known by that. */
import { type BigIntStats, statSync } from "node:fs";

/** Device and inode of the file that a descriptor of a task is of; undefined if it is of none. */
export function identityOf(tid: number, number: number): string | undefined {
  const stat: BigIntStats | undefined = statSync(`/proc/${tid}/fd/${number}`, {
    bigint: true,
    throwIfNoEntry: false,
  });
  return stat && `${stat.dev}:${stat.ino}`;
}
