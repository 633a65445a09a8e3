/**
 * Who else can change memory that a recording has: processes outside of it that have a writable shared mapping of it, or
 * a descriptor by which they can write to its file. One pass over the processes answers for all memory that is asked
 * about, since a program may map hundreds of files and a host may have thousands of descriptors.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { O } from "../../ffi/mod.ts";
import { isErrnoException } from "../errno-exception.ts";
import { saysGone } from "../proc-file.ts";

/** Memory that is asked about. */
export interface Sought {
  /** A file's path; whatever a segment is called by. */
  name: string;
  inode: string;
  /** Whether it is a file; else a segment of System V. */
  isFile: boolean;
}

/** A process that can change it. */
export interface Sharer {
  pid: number;
  name: string;
}

/** Segments are of a file system of their own, whose files are called so. */
const SEGMENT_PATH = "/SYSV";

/**
 * Looks through all processes that can be seen.
 *
 * @param own Those of the recording, and the recorder.
 * @returns Who can change what, for that which somebody can change.
 */
export function findSharers<T extends Sought>(
  own: ReadonlySet<number>,
  sought: readonly T[],
): Map<T, Sharer[]> {
  const byInode = Map.groupBy(sought, ({ inode }) => inode);
  const byName = Map.groupBy(
    sought.filter(({ isFile }) => isFile),
    ({ name }) => name,
  );
  const found = new Map<T, Sharer[]>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || own.has(pid)) continue;
    const changeable = new Set([...mapped(pid, byInode), ...writable(pid, byName)]);
    if (changeable.size === 0) continue;
    const name = tryTo(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
    if (name === undefined) continue;
    for (const one of changeable) found.set(one, [...(found.get(one) ?? []), { pid, name }]);
  }
  return found;
}

/** What a process has a writable shared mapping of. */
function mapped<T extends Sought>(pid: number, byInode: ReadonlyMap<string, readonly T[]>): T[] {
  const maps = tryTo(() => readFileSync(`/proc/${pid}/maps`, "latin1")) ?? "";
  return maps.split("\n").flatMap((line) => {
    const [, rights = "", , , inode = ""] = line.split(/\s+/, 5);
    if (!/^.w.s$/.test(rights)) return [];
    return (byInode.get(inode) ?? []).filter(({ isFile, name }) =>
      line.includes(isFile ? name : SEGMENT_PATH),
    );
  });
}

/** What a process has a descriptor of by which it can write. */
function writable<T extends Sought>(pid: number, byName: ReadonlyMap<string, readonly T[]>): T[] {
  if (byName.size === 0) return [];
  const fds = tryTo(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return fds.flatMap((fd) => {
    const files = byName.get(tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "");
    if (files === undefined) return [];
    const info = tryTo(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1")) ?? "";
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8);
    return (flags & O.ACCMODE) === O.RDONLY ? [] : files;
  });
}

/** What can't be seen of a process, or is gone by now, is not there. */
function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (saysGone(error) || isErrnoException(error, "EACCES", "EPERM")) return undefined;
    throw error;
  }
}
