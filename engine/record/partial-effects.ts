/**
 * System calls on memory that fail half-way: what they have done before is the program's to see. Each is told by what
 * the kernel shows of the address space afterwards, or by its rules where that does not show.
 *
 * Sources: mprotect_fixup and do_mprotect_pkey in mm/mprotect.c, madvise_walk_vmas in mm/madvise.c, mremap_to in
 * mm/mremap.c of Linux 6.18.
 */
import { readFileSync } from "node:fs";
import { ERRNO, MADV, MREMAP, PROT } from "../../ffi/mod.ts";
import { readMaps } from "../proc-maps.ts";
import { protectedStart } from "../session/memory-calls.ts";
import type { MappingRecord } from "../trace/events.ts";
import { givenRights, pageEnd } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

const RIGHTS = PROT.READ | PROT.WRITE;

/** Lengths from here on come to nothing where the kernel rounds them up (PAGE_ALIGN), or wrap around: it does nothing then. */
const WRAPS = 2 ** 63;

/** How far a memory call has come that has failed; undefined if it has done nothing. */
export function partDone(task: RecordedTask, call: Call): MappingRecord | undefined {
  if (call.argument(1) >= WRAPS) return undefined;
  switch (call.spec?.memory) {
    case "protect":
      return protectedPart(task, call);
    case "advise":
      return advisedPart(task, call);
    case "move":
      return unmappedTarget(task, call);
    default:
      return undefined;
  }
}

/**
 * An madvise(MADV_FREE) of memory that it is not for from some address on: the kernel does what comes before, and
 * fails (madvise_free_single_vma takes anonymous memory only). The advice that stands for it takes all memory.
 *
 * @returns Where the part ends that it is for; undefined if that is all.
 */
export function endOfFreeable({ space }: RecordedTask, call: Call): number | undefined {
  const start = call.argument(0);
  const end = pageEnd(start + call.argument(1));
  const other = space.mappings.overlapping(start, end).find(({ shared, file }) => shared || file >= 0);
  return other && Math.max(start, other.start);
}

/** It stops at a hole, or at a mapping that may not have these rights. */
function protectedPart(task: RecordedTask, call: Call): MappingRecord | undefined {
  const wanted = givenRights(call.int(2)) & RIGHTS;
  const start = protectedStart(task.space, call.argument(0), call.int(2));
  const end = call.failsAt ?? pageEnd(call.argument(0) + call.argument(1));
  let reached = start;
  for (const line of readMaps(task.tid)) {
    if (reached < end && line.start <= reached && line.end > reached && (line.protection & RIGHTS) === wanted)
      reached = line.end;
  }
  return part(start, Math.min(reached, end));
}

/**
 * It leaves holes out, and says so at the end. A mapping that it is not for ends it: the same one in replay, but for
 * memory that is locked or sealed, which is neither there; and for a file that the program could only read.
 */
function advisedPart(task: RecordedTask, call: Call): MappingRecord | undefined {
  const start = call.argument(0);
  const end = pageEnd(start + call.argument(1));
  if (call.result === -ERRNO.ENOMEM) return part(start, end);
  if (call.result === -ERRNO.EPERM) {
    const sealed = firstRefused(task, start);
    return sealed === undefined ? undefined : part(start, Math.min(end, sealed));
  }
  if (call.result !== -ERRNO.EINVAL) return undefined;
  if (call.int(2) === MADV.FREE) return part(start, endOfFreeable(task, call) ?? end);
  return part(start, Math.min(end, firstWith("lo", task.tid, start) ?? end));
}

/** Where sealed memory begins that a program may not write, and so not drop (can_madvise_modify in mm/madvise.c). */
function firstRefused({ tid, space }: RecordedTask, address: number): number | undefined {
  let sealed = firstWith("sl", tid, address);
  while (sealed !== undefined && space.writable(sealed)) {
    sealed = firstWith("sl", tid, space.mappings.find(sealed)!.end);
  }
  return sealed;
}

/** Where memory with a flag of VmFlags (proc_pid_smaps(5): "lo" is locked, "sl" sealed) begins at or behind an address. */
function firstWith(flag: string, tid: number, address: number): number | undefined {
  let start = 0;
  let end = 0;
  for (const line of readFileSync(`/proc/${tid}/smaps`, "latin1").split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (match) {
      start = Number.parseInt(match[1]!, 16);
      end = Number.parseInt(match[2]!, 16);
    } else if (end > address && line.startsWith("VmFlags:") && line.split(" ").includes(flag)) {
      return Math.max(start, address);
    }
  }
  return undefined;
}

/** It makes room at the place that it is given before it looks whether it can move there. */
function unmappedTarget({ tid, space }: RecordedTask, call: Call): MappingRecord | undefined {
  if ((call.int(3) & MREMAP.FIXED) === 0) return undefined;
  const start = call.argument(4);
  const end = pageEnd(start + call.argument(2));
  if (space.mappings.overlapping(start, end).length === 0) return undefined;
  const left = readMaps(tid).filter((line) => line.start < end && line.end > start);
  return left.length === 0 ? part(start, end) : undefined;
}

function part(start: number, end: number): MappingRecord | undefined {
  if (end <= start) return undefined;
  return { start, end, protection: 0, shared: false, file: -1, offset: 0, name: "" };
}
