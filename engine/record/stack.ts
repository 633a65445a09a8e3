/**
 * How far the stack of a process may grow. The kernel makes it grow where it is touched, up to a limit that the
 * program can change; in replay it does so, too, with the limit that is told here.
 */
import { readFileSync } from "node:fs";
import { PROT, SYSCALLS } from "../../ffi/mod.ts";
import { type MapsLine, readMaps } from "../proc-maps.ts";
import type { MappingRecord } from "../trace/events.ts";
import { PAGE_SIZE, pageEnd } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Pages that the kernel keeps free below a stack (stack_guard_gap in mm/mmap.c). */
const GUARD = 256 * PAGE_SIZE;
/** Of a stack without limit, so much is enough for anybody. */
const UNLIMITED = 2 ** 33;
/** RLIMIT_STACK (asm-generic/resource.h). */
const RLIMIT_STACK = 3;

/** The lowest address that a stack may grow to. */
export function stackStart(tid: number, lines: readonly MapsLine[], stack: MapsLine): number {
  const limits = readFileSync(`/proc/${tid}/limits`, "utf8");
  const soft = /^Max stack size\s+(\d+|unlimited)/m.exec(limits)?.[1];
  const limit = soft === undefined || soft === "unlimited" ? UNLIMITED : Math.min(Number(soft), UNLIMITED);
  const below = lines[lines.indexOf(stack) - 1]?.end ?? 0;
  return Math.min(stack.start, Math.max(pageEnd(stack.end - limit), below + GUARD));
}

/** What the record of a mapping that grows downwards says beside what all say. */
export function growing(
  { start, protection }: { start: number; protection: number },
  lowest: number,
): Pick<MappingRecord, "start" | "protection" | "offset"> {
  return { start: lowest, protection: protection | PROT.GROWSDOWN, offset: start - lowest };
}

/** The lowest address that a new mapping may grow to (MAP_GROWSDOWN): it is a stack like the first one. */
export function growingStart(tid: number, address: number): number {
  const lines = readMaps(tid);
  const line = lines.find(({ start, end }) => start <= address && address < end);
  return line ? Math.min(address, stackStart(tid, lines, line)) : address;
}

/** The stack as it is after a call that may have changed its limit; undefined for any other call. */
export function changedStack(task: RecordedTask, call: Call): MappingRecord | undefined {
  const { process, space } = task;
  if (call.result < 0 || !setsStackLimit(call, process.id)) return undefined;
  const before = space.mappings.stack;
  const lines = readMaps(task.tid);
  const stack = lines.find((line) => line.name === "[stack]");
  return before && stack && { ...before, ...growing(stack, stackStart(task.tid, lines, stack)) };
}

function setsStackLimit(call: Call, pid: number): boolean {
  if (call.number === SYSCALLS.setrlimit) return call.int(0) === RLIMIT_STACK;
  if (call.number !== SYSCALLS.prlimit64 || call.int(1) !== RLIMIT_STACK || call.argument(2) === 0)
    return false;
  return call.int(0) === 0 || call.int(0) === pid;
}
