/**
 * What system calls on memory do to the engine's picture of an address space. Recording and replay both keep
 * the picture by these rules, after the call itself has been done.
 */
import { IOVEC, MADV, MREMAP, PROT } from "../../ffi/mod.ts";
import type { MemoryWay } from "../kernel/mod.ts";
import type { MappingRecord } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import { aliasedText, type Stretch } from "../tracee/aliases.ts";
import { type Mapping, offsetAt, PAGE_SIZE, pageEnd, pageStart } from "../tracee/mappings.ts";

/** The advice to give instead of one whose effect depends on how much memory the machine has left. */
export function certainAdvice(advice: number): number {
  return advice === MADV.FREE ? MADV.DONTNEED : advice;
}

/** Advice by which memory loses what a program has written there: text, too. */
const FORGETTING: readonly number[] = [
  MADV.DONTNEED,
  MADV.FREE,
  MADV.REMOVE,
  MADV.DONTNEED_LOCKED,
  MADV.GUARD_INSTALL,
];

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

/** Who is told that text may be different. */
interface TextListener {
  textChanged(space: AddressSpace, start: number, end: number): void;
}

/**
 * Brings the mappings of a space up to date, and drops translations of text that may be different from now on.
 *
 * @param text Who looks after translations.
 * @param way What the call is for.
 * @param args The call's arguments.
 * @param result Its result.
 * @param mapping What the event says of mappings: the new one, or how far a call came that failed (see `SyscallEvent`).
 */
export function applyMemoryCall(
  text: TextListener,
  space: AddressSpace,
  way: MemoryWay,
  args: readonly number[],
  result: number,
  mapping: MappingRecord | undefined,
): void {
  for (const changed of effectOf(space, way, args, result, mapping)) {
    text.textChanged(changed.space, changed.start, changed.end);
  }
}

/** @returns Text that may be different from now on. */
function effectOf(
  space: AddressSpace,
  way: MemoryWay,
  args: readonly number[],
  result: number,
  mapping: MappingRecord | undefined,
): Stretch[] {
  const { mappings } = space;
  const [first = 0, second = 0, third = 0] = args;
  if (result < 0) return mapping ? applyPart(space, way, third, mapping) : [];
  switch (way) {
    case "map":
    case "page":
    case "attach":
      return mapping ? replaced(space, mapping) : [];
    case "limit": {
      const { stack } = mappings;
      if (!mapping || !stack) return [];
      mappings.remove(stack.start, stack.end);
      mappings.add({ ...mapping });
      return [];
    }
    case "detach": {
      const end = attachedEnd(space, first);
      return end === undefined ? [] : unmapped(space, first, end);
    }
    case "unmap":
      return unmapped(space, first, pageEnd(first + second));
    case "protect":
      return protectedAs(
        space,
        protectedStart(space, first, third),
        pageEnd(first + second),
        mapping?.protection ?? third,
      );
    case "move":
      return moved(space, args, result);
    case "remapFile": {
      const source = mappings.find(first);
      const end = pageStart(first + second);
      if (!source || end <= first) return [];
      return replaced(space, { ...source, start: first, end, offset: (args[3] ?? 0) * PAGE_SIZE });
    }
    case "advise":
      return advised(space, first, pageEnd(first + second), third);
    case "advisePieces":
      return advisedPieces(space, args, result).flatMap(({ start, end }) =>
        advised(space, start, end, args[3] ?? 0),
      );
    case "break": {
      const oldEnd = pageEnd(space.brkEnd);
      const newEnd = pageEnd(result);
      space.brkEnd = result;
      if (newEnd < oldEnd) return unmapped(space, newEnd, oldEnd);
      if (newEnd > oldEnd) mappings.add({ ...HEAP, start: oldEnd, end: newEnd });
      return [];
    }
    case "lock":
    case "lockAll":
    case "segment":
      return [];
  }
}

/** What brk adds. */
export const HEAP = {
  protection: PROT.READ | PROT.WRITE,
  shared: false,
  file: -1,
  offset: 0,
  name: "[heap]",
} as const;

/** Where an mprotect begins: on a stack, everything below may be meant too. */
export function protectedStart({ mappings }: AddressSpace, address: number, protection: number): number {
  return protection & PROT.GROWSDOWN ? (mappings.find(address)?.start ?? address) : address;
}

/** A call that failed has done a part of its work. */
function applyPart(space: AddressSpace, way: MemoryWay, third: number, part: MappingRecord): Stretch[] {
  switch (way) {
    case "protect":
      return protectedAs(space, part.start, part.end, third);
    case "advise":
      return advised(space, part.start, part.end, third);
    case "move":
      return unmapped(space, part.start, part.end);
    default:
      return [];
  }
}

/** A mapping takes the place of whatever was there. */
function replaced(space: AddressSpace, mapping: Mapping): Stretch[] {
  space.mappings.add(identified(mapping));
  unguardRange(space, mapping.start, mapping.end);
  return [{ space, start: mapping.start, end: mapping.end }, ...aliasedText(space, mapping)];
}

/** Shared memory without a file is told from all other: a segment by its name, any other by a number. */
function identified(mapping: Mapping): Mapping {
  const isSegment = mapping.name.startsWith(SEGMENT_PREFIX);
  if (!mapping.shared || mapping.file >= 0 || mapping.memory !== undefined) return { ...mapping };
  return { ...mapping, memory: isSegment ? mapping.name : `shared ${++nameless}` };
}

let nameless = 0;

function unmapped(space: AddressSpace, start: number, end: number): Stretch[] {
  space.mappings.remove(start, end);
  unguardRange(space, start, end);
  return [{ space, start, end }];
}

function advised(space: AddressSpace, start: number, end: number, advice: number): Stretch[] {
  if (!FORGETTING.includes(advice)) return [];
  const own = space.mappings.overlapping(start, end).some(isText) ? [{ space, start, end }] : [];
  return [...own, ...aliasedText(space, { start, end })];
}

function protectedAs(space: AddressSpace, start: number, end: number, protection: number): Stretch[] {
  const { mappings } = space;
  const textBefore = mappings.overlapping(start, end).some(isText);
  mappings.protect(start, end, protection & (PROT.READ | PROT.WRITE | PROT.EXEC));
  unguardRange(space, start, end);
  // Text on the page before may go on into what has just become text.
  const own = textBefore || (protection & PROT.EXEC) !== 0 ? [{ space, start, end }] : [];
  return [...own, ...aliasedText(space, { start, end })];
}

/** What an mremap has moved, grown or shrunk: piece by piece, since it may have been several mappings. */
function moved(space: AddressSpace, args: readonly number[], to: number): Stretch[] {
  const { mappings } = space;
  const [from = 0, oldLength = 0, newLength = 0, flags = 0] = args;
  const source = mappings.find(from);
  if (!source) return [];
  const oldEnd = pageEnd(from + oldLength);
  const end = to + pageEnd(newLength);
  // Of length 0 it is a second mapping of the same memory.
  const pieces =
    oldEnd > from
      ? mappings.within(from, oldEnd)
      : [{ ...source, start: from, end: from, offset: offsetAt(source, from) }];
  if ((flags & MREMAP.DONTUNMAP) === 0) mappings.remove(from, oldEnd);
  mappings.remove(to, end);
  for (const [i, piece] of pieces.entries()) {
    const start = to + (piece.start - from);
    const pieceEnd = i === pieces.length - 1 ? end : Math.min(end, to + (piece.end - from));
    if (pieceEnd > start) mappings.add({ ...piece, start, end: pieceEnd });
  }
  unguardRange(space, from, oldEnd);
  unguardRange(space, to, end);
  return [
    { space, start: from, end: oldEnd },
    { space, start: to, end },
    ...aliasedText(space, { start: to, end }),
  ];
}

/** Most pieces of one process_madvise (UIO_MAXIOV of linux/uio.h). */
const MOST_PIECES = 1024;

/** What a process_madvise is about, as far as it has come: the pieces of its own memory that its list says. */
export function advisedPieces(
  { memory }: AddressSpace,
  [, list = 0, count = 0]: readonly number[],
  result: number,
): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  let left = result;
  for (let i = 0; i < Math.min(count, MOST_PIECES) && left > 0; i++) {
    const at = list + i * IOVEC.size;
    const start = Number(memory.readU64(at) ?? 0n);
    const length = Math.min(Number(memory.readU64(at + IOVEC.length) ?? 0n), left);
    left -= length;
    if (length > 0) pieces.push({ start, end: pageEnd(start + length) });
  }
  return pieces;
}

function isText(mapping: { protection: number }): boolean {
  return (mapping.protection & PROT.EXEC) !== 0;
}

/** The kernel has just set the real protection of these pages: they are not guarded any more. */
function unguardRange(space: AddressSpace, start: number, end: number): void {
  for (const page of space.guarded) if (page >= start && page < end) space.guarded.delete(page);
}
