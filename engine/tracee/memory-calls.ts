/**
 * What system calls on memory do to the engine's picture of an address space. Recording and replay both keep
 * the picture by these rules, after the call itself has been done.
 */
import { MREMAP, PROT, SYSCALLS } from "../../ffi/mod.ts";
import type { MappingRecord } from "../trace/events.ts";
import type { AddressSpace } from "./address-space.ts";
import { aliasedText } from "./aliases.ts";
import { pageEnd } from "./mappings.ts";

/** MADV_DONTNEED and MADV_FREE (asm-generic/mman-common.h). */
const MADV = { DONTNEED: 4, FREE: 8 } as const;

/** The advice to give instead of one whose effect depends on how much memory the machine has left. */
export function certainAdvice(advice: number): number {
  return advice === MADV.FREE ? MADV.DONTNEED : advice;
}

/** Begins the names of mappings of System V shared memory; the id of the segment follows. */
export const SEGMENT_PREFIX = "/SYSV/";

/** Where the segment that is attached at an address ends; undefined if none is. */
export function attachedEnd(space: AddressSpace, start: number): number | undefined {
  const first = space.mappings.find(start);
  if (first?.start !== start || !first.name.startsWith(SEGMENT_PREFIX)) return undefined;
  const parts = space.mappings.all.filter(({ name, start: at }) => name === first.name && at >= start);
  let { end } = first;
  for (const part of parts) if (part.start === end) end = part.end;
  return end;
}

/** A range whose text may be different from now on. */
export interface ChangedRange {
  start: number;
  end: number;
}

/**
 * Brings the mappings of a space up to date.
 *
 * @param args The call's arguments.
 * @param result Its result; failed calls (below 0) change nothing.
 * @param mapping The new mapping, for mmap.
 * @returns Ranges whose translations are stale.
 */
export function applyMemoryCall(
  space: AddressSpace,
  number: number,
  args: readonly number[],
  result: number,
  mapping: MappingRecord | undefined,
): ChangedRange[] {
  const { mappings } = space;
  const [first = 0, second = 0, third = 0, fourth = 0] = args;
  if (result < 0) return [];
  switch (number) {
    case SYSCALLS.mmap:
    case SYSCALLS.shmat:
      if (!mapping) return [];
      mappings.add({ ...mapping });
      unguardRange(space, mapping.start, mapping.end);
      return [mapping, ...aliasedText(space, mapping)];
    case SYSCALLS.setrlimit:
    case SYSCALLS.prlimit64: {
      const stack = mappings.all.find(({ name }) => name === "[stack]");
      if (!mapping || !stack) return [];
      mappings.remove(stack.start, stack.end);
      mappings.add({ ...mapping });
      return [];
    }
    case SYSCALLS.shmdt: {
      const end = attachedEnd(space, first);
      if (end !== undefined) mappings.remove(first, end);
      return [];
    }
    case SYSCALLS.munmap: {
      const end = pageEnd(first + second);
      mappings.remove(first, end);
      unguardRange(space, first, end);
      return [{ start: first, end }];
    }
    case SYSCALLS.mprotect:
    case SYSCALLS.pkey_mprotect: {
      // On a stack, everything below is meant too.
      const start = third & PROT.GROWSDOWN ? (mappings.find(first)?.start ?? first) : first;
      const end = pageEnd(first + second);
      const textBefore = mappings.overlapping(start, end).some(isText);
      mappings.protect(start, end, third & (PROT.READ | PROT.WRITE | PROT.EXEC));
      unguardRange(space, start, end);
      // Text on the page before may go on into what has just become text.
      const own = textBefore || (third & PROT.EXEC) !== 0 ? [{ start, end }] : [];
      return [...own, ...aliasedText(space, { start, end })];
    }
    case SYSCALLS.mremap: {
      const source = mappings.find(first);
      if (!source) return [];
      const oldEnd = pageEnd(first + second);
      const moved = {
        ...source,
        start: result,
        end: result + pageEnd(third),
        offset: source.file >= 0 ? source.offset + (first - source.start) : 0,
      };
      if ((fourth & MREMAP.DONTUNMAP) === 0) mappings.remove(first, oldEnd);
      mappings.add(moved);
      unguardRange(space, first, oldEnd);
      unguardRange(space, moved.start, moved.end);
      return [{ start: first, end: oldEnd }, moved, ...aliasedText(space, moved)];
    }
    case SYSCALLS.brk: {
      const oldEnd = pageEnd(space.brkEnd);
      const newEnd = pageEnd(result);
      space.brkEnd = result;
      if (newEnd < oldEnd) mappings.remove(newEnd, oldEnd);
      if (newEnd > pageEnd(space.brkStart)) {
        mappings.add({
          start: pageEnd(space.brkStart),
          end: newEnd,
          protection: PROT.READ | PROT.WRITE,
          shared: false,
          file: -1,
          offset: 0,
          name: "[heap]",
        });
      }
      return [];
    }
    default:
      return [];
  }
}

function isText(mapping: { protection: number }): boolean {
  return (mapping.protection & PROT.EXEC) !== 0;
}

/** The kernel has just set the real protection of these pages: they are not guarded any more. */
function unguardRange(space: AddressSpace, start: number, end: number): void {
  for (const page of space.guarded) if (page >= start && page < end) space.guarded.delete(page);
}
