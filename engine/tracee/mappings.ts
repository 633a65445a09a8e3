/**
 * The engine's own picture of a tracee's address space: which mappings the program asked for, with the
 * protection that it believes in. (The real pages are never executable; see `address-space.ts`.)
 */
import { PROT } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";

/** One mapping of the program. */
export interface Mapping {
  start: number;
  end: number;
  /** PROT_* bits as the program asked for them. */
  protection: number;
  shared: boolean;
  /** Index in the trace's file list, or -1 for anonymous memory. */
  file: number;
  /** Offset of `start` in the file, or in the shared memory, in bytes. */
  offset: number;
  name: string;
  /** Tells shared memory that is of no file from any other; undefined for files and for private memory. */
  memory?: string;
}

export const PAGE_SIZE = 4096;

/** Rounds up to whole pages. */
export function pageEnd(address: number): number {
  return Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;
}

/**
 * The rights that the kernel is to give to memory that the program wants to have some: none to execute it, which is the code
 * cache's. What can be executed can be read where there are no protection keys (execute_only_pkey in mm/mprotect.c, Linux 6.18).
 */
export function givenRights(protection: number): number {
  const rights = protection & ~PROT.EXEC;
  return (protection & PROT.EXEC) === 0 ? rights : rights | PROT.READ;
}

/** Rounds down to a page's start. */
export function pageStart(address: number): number {
  return address - (address % PAGE_SIZE);
}

/** Mappings in ascending order, never overlapping. */
export class MappingList {
  private list: Mapping[] = [];

  /** All mappings, ascending. */
  get all(): readonly Mapping[] {
    return this.list;
  }

  /** An independent copy, for a forked process. */
  clone(): MappingList {
    const copy = new MappingList();
    copy.list = this.list.map((mapping) => ({ ...mapping }));
    return copy;
  }

  /** The mapping that holds an address. */
  find(address: number): Mapping | undefined {
    const found = this.list[this.firstBehind(address)];
    return found && found.start <= address ? found : undefined;
  }

  /** Index of the first mapping that ends behind an address. */
  private firstBehind(address: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Mappings that share at least a byte with [start, end). */
  overlapping(start: number, end: number): Mapping[] {
    const first = this.firstBehind(start);
    let last = first;
    while (last < this.list.length && this.list[last]!.start < end) last++;
    return this.list.slice(first, last);
  }

  /**
   * Puts others in the place of the mappings that share a byte with [start, end). The list is another one then: whoever
   * goes through {@link all} meanwhile sees the old one.
   */
  private exchange(start: number, end: number, others: (mapping: Mapping) => Mapping[]): void {
    const old = this.overlapping(start, end);
    if (old.length === 0) return;
    this.list = this.list.toSpliced(this.firstBehind(start), old.length, ...old.flatMap(others));
  }

  /** Adds a mapping in place of whatever was there. */
  add(mapping: Mapping): void {
    const { start, end } = mapping;
    invariant(start < end, `a mapping of nothing, from ${start} to ${end}`);
    this.remove(start, end);
    const at = this.firstBehind(start);
    invariant(at === this.list.length || this.list[at]!.start >= end, `a mapping over another at ${start}`);
    this.list.splice(at, 0, mapping);
  }

  /** Removes [start, end), cutting mappings that reach out of it. */
  remove(start: number, end: number): void {
    this.exchange(start, end, (mapping) => cut(mapping, start, end).outside);
  }

  /** The program's first stack, or what is left of it at its upper end. */
  get stack(): Mapping | undefined {
    return this.list.findLast(({ name }) => name === "[stack]");
  }

  /** The mappings of a file of the trace. */
  ofFile(file: number): Mapping[] {
    return this.list.filter((mapping) => mapping.file === file);
  }

  /** The parts of mappings that lie in [start, end), cut to it. */
  within(start: number, end: number): Mapping[] {
    return this.overlapping(start, end).flatMap((mapping) => cut(mapping, start, end).inside ?? []);
  }

  /** Changes the protection in [start, end). */
  protect(start: number, end: number, protection: number): void {
    this.exchange(start, end, (mapping) => {
      const { outside, inside } = cut(mapping, start, end);
      if (!inside) return outside;
      const kept = inside.protection & PROT.GROWSDOWN;
      return [...outside, { ...inside, protection: protection | kept }].sort((a, b) => a.start - b.start);
    });
  }

  /** Up to where the program may write without a break from an address on; the address itself if it may not. */
  writableUpTo(address: number): number {
    let end = address;
    for (let found = this.find(end); found && (found.protection & PROT.WRITE) !== 0; found = this.find(end))
      end = found.end;
    return end;
  }

  /** Whether the program may execute at an address. */
  executable(address: number): boolean {
    const mapping = this.find(address);
    return mapping !== undefined && (mapping.protection & PROT.EXEC) !== 0;
  }
}

/** Offset of an address in the file or the shared memory that a mapping shows; 0 for private memory. */
export function offsetAt(mapping: Mapping, address: number): number {
  const counts = mapping.file >= 0 || mapping.memory !== undefined;
  return counts ? mapping.offset + (address - mapping.start) : 0;
}

function cut(mapping: Mapping, start: number, end: number): { outside: Mapping[]; inside?: Mapping } {
  if (mapping.end <= start || mapping.start >= end) return { outside: [mapping] };
  const part = (from: number, to: number): Mapping => ({
    ...mapping,
    start: from,
    end: to,
    offset: offsetAt(mapping, from),
  });
  const outside: Mapping[] = [];
  if (mapping.start < start) outside.push(part(mapping.start, start));
  if (mapping.end > end) outside.push(part(end, mapping.end));
  return { outside, inside: part(Math.max(start, mapping.start), Math.min(end, mapping.end)) };
}
