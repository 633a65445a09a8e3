/**
 * What system calls do to the contents of files: which file, and which stretch of it may be different afterwards.
 *
 * Sources: section 2 of the manual pages; `linux/fs.h`, `linux/falloc.h` of Linux 6.18.
 */
import { readFileSync } from "node:fs";
import { O } from "../../../ffi/mod.ts";
import { type ContentChange, evaluate, holds, type Stretch } from "../../kernel/mod.ts";
import { PAGE_SIZE, pageEnd, pageStart } from "../../tracee/mappings.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** A stretch of a file, in bytes. */
export interface FileRange {
  start: number;
  end: number;
}

/** All of a file. */
export const WHOLE: FileRange = { start: 0, end: Number.MAX_SAFE_INTEGER };

/** Flags of pwritev2 (linux/fs.h). */
const RWF = { APPEND: 0x10, NOAPPEND: 0x20 } as const;

/** As a signed 64-bit offset it is -1: the position of the descriptor. */
const AT_POSITION = 2 ** 63;

/** The change of a file's contents that a call has made, or would have if it were a file; asked at its exit. */
export function contentChange(call: Call): ContentChange | undefined {
  return call.spec?.contents.find(({ when }) => holds(when, call));
}

/**
 * The offset in its file that a call says; undefined where the descriptor's position counts.
 *
 * @param at The argument that has it, if one has.
 */
export function saidOffset(call: Call, at: number | undefined): number | undefined {
  const offset = at === undefined ? AT_POSITION : call.argument(at);
  return offset < AT_POSITION ? offset : undefined;
}

/** The argument with the offset of a write, if one has it. */
export function offsetArgument(stretch: Stretch | undefined): number | undefined {
  return stretch?.kind === "writtenAtOffset" ? stretch.at : undefined;
}

/**
 * The stretch of a file that a call has changed, at its end.
 *
 * @param fd The file's descriptor; undefined where the call names its path.
 * @param size Its length now.
 */
export function changedRange(
  task: RecordedTask,
  call: Call,
  stretch: Stretch,
  fd: number | undefined,
  size: number,
): FileRange {
  switch (stretch.kind) {
    case "cut":
      return cutAt(evaluate(stretch.length, call));
    case "range": {
      const start = evaluate(stretch.start, call);
      return {
        start,
        end: stretch.length === undefined ? WHOLE.end : start + evaluate(stretch.length, call),
      };
    }
    default:
      return written(task, call, stretch, fd ?? -1, size);
  }
}

/** What changes in a file that is cut or extended to a length: the rest of a page is zeros. */
export function cutAt(length: number): FileRange {
  return { start: pageStart(length), end: pageEnd(length) + PAGE_SIZE };
}

/** The path in argument `at` of a call, as the recorder finds it. */
export function pathAt({ tid }: RecordedTask, call: Call, at: number): string {
  const path = call.string(call.argument(at));
  return path.startsWith("/") ? `/proc/${tid}/root${path}` : `/proc/${tid}/cwd/${path}`;
}

function written(task: RecordedTask, call: Call, stretch: Stretch, fd: number, size: number): FileRange {
  const back = (end: number): FileRange => ({ start: Math.max(0, end - call.result), end });
  const { position, appends } = descriptor(task.tid, fd);
  const flags =
    stretch.kind === "writtenAtOffset" && stretch.flags !== undefined ? call.int(stretch.flags) : 0;
  if ((appends && (flags & RWF.NOAPPEND) === 0) || (flags & RWF.APPEND) !== 0) return back(size);
  const offset = saidOffset(call, offsetArgument(stretch));
  if (offset !== undefined) return { start: offset, end: offset + call.result };
  const pointer = stretch.kind === "writtenBehind" ? call.argument(stretch.at) : 0;
  // The kernel has written back how far it came.
  return back(pointer !== 0 ? call.u64(pointer) : position);
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
