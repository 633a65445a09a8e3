/**
 * Keeps the engine's own memory out of the way of system calls on memory: natively nothing is where it lies, and the
 * program may have its own there.
 */
import { ERRNO, MAP, MREMAP, SYSCALLS } from "../../ffi/mod.ts";
import { pageEnd } from "../tracee/mappings.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A stretch of an address space. */
interface Range {
  start: number;
  end: number;
}

/** Calls on the memory of as many bytes at an address as their first two arguments say. */
const ON_RANGES: ReadonlySet<number> = new Set<number>([
  SYSCALLS.munmap,
  SYSCALLS.mprotect,
  SYSCALLS.pkey_mprotect,
  SYSCALLS.madvise,
  SYSCALLS.remap_file_pages,
  SYSCALLS.mlock,
  SYSCALLS.mlock2,
  SYSCALLS.munlock,
  SYSCALLS.msync,
  SYSCALLS.mincore,
  SYSCALLS.mbind,
]);
const OTHERS: ReadonlySet<number> = new Set<number>([
  SYSCALLS.mmap,
  SYSCALLS.mremap,
  SYSCALLS.brk,
  SYSCALLS.shmat,
  SYSCALLS.sigaltstack,
]);

/** stack_t: where it is, and its bytes (sigaltstack(2)). */
const STACK_T = { start: 0, length: 16, size: 24 } as const;

/** Flags of mmap by which the place is the program's choice, and no hint. */
const FIXED = MAP.FIXED | MAP.FIXED_NOREPLACE;

/** Bytes of a segment that is attached at a given address, as its size is not in the call: more than most have. */
const SEGMENT = 1 << 26;

/** The addresses that a call at its entry is about, if the engine lies there. */
export function engineInWay(task: RecordedTask, call: Call): Range | undefined {
  const range = affectedRange(task, call);
  return range && task.space.holdsEngine(range.start, range.end) ? range : undefined;
}

/**
 * Moves the engine out of the way of a call that has been cancelled.
 *
 * @returns undefined if the call can now be made; else its result, since it is about more than the engine can keep off
 * from: an munmap has been done around it.
 */
export function makeWay(tracer: Tracer, task: RecordedTask, call: Call, range: Range): number | undefined {
  if (tracer.mapper.makeWay(task, range.start, range.end)) return undefined;
  if (call.number !== SYSCALLS.munmap) return -ERRNO.ENOMEM;
  for (const { start, end } of task.space.outsideEngine(range.start, range.end)) {
    tracer.inject(task, SYSCALLS.munmap, start, end - start);
  }
  return 0;
}

/** The addresses that a call is about, if it is one on memory; the kernel's own choice is none. */
function affectedRange({ space }: RecordedTask, call: Call): Range | undefined {
  if (!ON_RANGES.has(call.number) && !OTHERS.has(call.number)) return undefined;
  const [first = 0, second = 0, third = 0, flags = 0, fifth = 0] = call.args;
  switch (call.number) {
    case SYSCALLS.mmap:
      // Address 0 is a hint to nowhere.
      return first === 0 && (flags & FIXED) === 0 ? undefined : from(first, second);
    case SYSCALLS.mremap: {
      if ((flags & MREMAP.FIXED) !== 0 && space.holdsEngine(fifth, fifth + third)) return from(fifth, third);
      return from(first, Math.max(second, third));
    }
    case SYSCALLS.brk:
      return first > space.brkEnd ? { start: space.brkEnd, end: pageEnd(first) } : undefined;
    case SYSCALLS.shmat:
      return second === 0 ? undefined : from(second, SEGMENT);
    case SYSCALLS.sigaltstack: {
      // Frames of signals go there, if that is memory.
      const bytes = space.memory.read(first, STACK_T.size);
      if (bytes.length < STACK_T.size) return undefined;
      const stack = new DataView(bytes.buffer, bytes.byteOffset);
      const at = (offset: number): number => Number(stack.getBigUint64(offset, true));
      return from(at(STACK_T.start), at(STACK_T.length));
    }
    default:
      return from(first, second);
  }
}

/** Nothing wraps around: the kernel refuses that by itself. */
function from(start: number, length: number): Range | undefined {
  const end = pageEnd(start + length);
  return end <= 2 ** 47 ? { start, end } : undefined;
}
