/**
 * What system calls do to the contents of files: which file, and which stretch of it may be different afterwards.
 *
 * Sources: section 2 of the manual pages; `linux/fs.h`, `linux/falloc.h` of Linux 6.18.
 */
import { readFileSync } from "node:fs";
import { ERRNO, O, SYSCALLS } from "../../ffi/mod.ts";
import { PAGE_SIZE, pageEnd, pageStart } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A stretch of a file, in bytes. */
export interface FileRange {
  start: number;
  end: number;
}

/** A file that a call has changed. */
export interface FileChange {
  /** Where the recorder finds it. */
  path: string;
  /** What may be different; beyond its end if that has moved. */
  range: FileRange;
}

/** All of a file. */
export const WHOLE: FileRange = { start: 0, end: Number.MAX_SAFE_INTEGER };

/** Flags of pwritev2 (linux/fs.h). */
const RWF = { APPEND: 0x10, NOAPPEND: 0x20 } as const;

/** Modes of fallocate that move what is behind the stretch (linux/falloc.h): COLLAPSE_RANGE, INSERT_RANGE. */
const MOVES_REST = 0x08 | 0x20;

/** Requests of ioctl that let a file share the blocks of another one (linux/fs.h). */
const FICLONE = 0x4004_9409;
const FICLONERANGE = 0x4020_940d;

/** Errors of an fallocate that may have done a part of its work. */
const HALF_WAY: readonly number[] = [ERRNO.EINTR, ERRNO.EIO, ERRNO.ENOSPC, ERRNO.EDQUOT];

/** As a signed 64-bit offset it is -1: the position of the descriptor. */
const AT_POSITION = 2 ** 63;

/** Calls that write as many bytes as their result says: the argument of the descriptor, and how to tell where to. */
const WRITES = new Map<number, { fd: number; where: "position" | "argument" | "pointer"; at?: number }>([
  [SYSCALLS.write, { fd: 0, where: "position" }],
  [SYSCALLS.writev, { fd: 0, where: "position" }],
  [SYSCALLS.pwrite64, { fd: 0, where: "argument", at: 3 }],
  [SYSCALLS.pwritev, { fd: 0, where: "argument", at: 3 }],
  [SYSCALLS.pwritev2, { fd: 0, where: "argument", at: 3 }],
  [SYSCALLS.sendfile, { fd: 0, where: "position" }],
  [SYSCALLS.copy_file_range, { fd: 2, where: "pointer", at: 3 }],
  [SYSCALLS.splice, { fd: 2, where: "pointer", at: 3 }],
]);

/** The file that a call has changed by its descriptor, or would have if it were a file; undefined for other calls. */
export function changedDescriptor(call: Call): number | undefined {
  const { number, result } = call;
  const write = WRITES.get(number);
  if (write) return result > 0 ? call.int(write.fd) : undefined;
  switch (number) {
    case SYSCALLS.ftruncate:
      return result === 0 ? call.int(0) : undefined;
    case SYSCALLS.fallocate:
      return result === 0 || HALF_WAY.includes(-result) ? call.int(0) : undefined;
    case SYSCALLS.ioctl:
      return [FICLONE, FICLONERANGE].includes(call.int(1) >>> 0) ? call.int(0) : undefined;
    case SYSCALLS.creat:
      return result >= 0 ? result : undefined;
    case SYSCALLS.open:
      return result >= 0 && (call.int(1) & O.TRUNC) !== 0 ? result : undefined;
    case SYSCALLS.openat:
      return result >= 0 && (call.int(2) & O.TRUNC) !== 0 ? result : undefined;
    case SYSCALLS.openat2:
      // struct open_how (linux/openat2.h) begins with the flags.
      return result >= 0 && (call.u32(call.argument(2)) & O.TRUNC) !== 0 ? result : undefined;
    default:
      return undefined;
  }
}

/** The stretch of its file that such a call has changed, at its end. */
export function changedRange(task: RecordedTask, call: Call, fd: number, size: number): FileRange {
  const { number } = call;
  const write = WRITES.get(number);
  if (write) return written(task, call, fd, size);
  switch (number) {
    case SYSCALLS.ftruncate:
      return cutAt(call.argument(1));
    case SYSCALLS.fallocate: {
      const start = call.argument(2);
      return { start, end: (call.int(1) & MOVES_REST) !== 0 ? WHOLE.end : start + call.argument(3) };
    }
    case SYSCALLS.ioctl: {
      if (call.int(1) >>> 0 === FICLONE) return WHOLE;
      // struct file_clone_range: source, its offset, length (0 up to the end), offset here.
      const at = call.argument(2);
      const start = call.u64(at + 24);
      return { start, end: start + (call.u64(at + 16) || WHOLE.end) };
    }
    default:
      return { start: 0, end: 0 };
  }
}

/** What changes in a file that is cut or extended to a length: the rest of a page is zeros. */
export function cutAt(length: number): FileRange {
  return { start: pageStart(length), end: pageEnd(length) + PAGE_SIZE };
}

/** The path of a truncate, as the recorder finds it. */
export function truncatedPath({ tid }: RecordedTask, call: Call): string {
  const path = call.string(call.argument(0));
  return path.startsWith("/") ? `/proc/${tid}/root${path}` : `/proc/${tid}/cwd/${path}`;
}

function written(task: RecordedTask, call: Call, fd: number, size: number): FileRange {
  const { where, at = 0 } = WRITES.get(call.number)!;
  const back = (end: number): FileRange => ({ start: Math.max(0, end - call.result), end });
  const { position, appends } = descriptor(task.tid, fd);
  const flags = call.number === SYSCALLS.pwritev2 ? call.int(5) : 0;
  if ((appends && (flags & RWF.NOAPPEND) === 0) || (flags & RWF.APPEND) !== 0) return back(size);
  const argument = call.argument(at);
  if (where === "argument" && argument < AT_POSITION) return { start: argument, end: argument + call.result };
  // The kernel has written back how far it came.
  if (where === "pointer" && argument !== 0) return back(call.u64(argument));
  return back(position);
}

/** Where a descriptor of a process stands in its file, and whether it writes to the end (proc_pid_fdinfo(5)). */
function descriptor(tid: number, fd: number): { position: number; appends: boolean } {
  const info = readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1");
  const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8);
  return { position: positionIn(info), appends: (flags & O.APPEND) !== 0 };
}

/** Where a descriptor of a process stands in its file. */
export function position(tid: number, fd: number): number {
  return positionIn(readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1"));
}

function positionIn(info: string): number {
  return Number(/^pos:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
}
