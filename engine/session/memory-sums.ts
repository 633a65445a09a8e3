/**
 * Checksums of a program's memory: what a recording keeps of it now and then, and its replay compares.
 *
 * A page of zeros counts as one that was never touched: whether the kernel has given a page to memory that was only read is
 * no part of the program's state. Of memory without a file only the pages that are there are read, since programs reserve
 * terabytes.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { MemorySum } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import { type Mapping, PAGE_SIZE } from "../tracee/mappings.ts";

/** Memory of more bytes than this is left out: to ask for its pages alone would take seconds. */
const MAX_LENGTH = 2 ** 32;

/** Pages that are read at once. */
const BATCH = 256;

/** An entry of /proc/PID/pagemap has 8 bytes; its two highest bits say that the page is present, or swapped out. */
const ENTRY_BYTES = 8;
const THERE = 0xc0;

const ZEROS = Buffer.alloc(PAGE_SIZE);

/**
 * The memory of which sums are kept: the program's own. Files that are mapped shared are followed as files.
 *
 * @param withShared Whether memory that others share is to be counted too.
 */
export function summable({ mappings }: AddressSpace, withShared: boolean): Mapping[] {
  return mappings.all.filter(
    ({ start, end, shared, file }) => end - start <= MAX_LENGTH && (!shared || (withShared && file < 0)),
  );
}

/** Sums of pieces of the memory of a process that stands still. */
export function sumsOf(space: AddressSpace, pieces: readonly { start: number; end: number }[]): MemorySum[] {
  const pagemap = openSync(`/proc/${space.memory.pid}/pagemap`, "r");
  try {
    return pieces.map(({ start, end }) => ({ start, end, sum: sumOf(space, pagemap, start, end) }));
  } finally {
    closeSync(pagemap);
  }
}

function sumOf(space: AddressSpace, pagemap: number, start: number, end: number): bigint {
  const isFile = (space.mappings.find(start)?.file ?? -1) >= 0;
  let sum = 0n;
  for (let from = start; from < end; from += BATCH * PAGE_SIZE) {
    const to = Math.min(end, from + BATCH * PAGE_SIZE);
    const there = isFile ? undefined : pagesThere(pagemap, from, to);
    if (there !== undefined && !there.includes(true)) continue;
    for (let page = from; page < to; page += PAGE_SIZE) {
      if (there && !there[(page - from) / PAGE_SIZE]) continue;
      const bytes = space.memory.read(page, PAGE_SIZE);
      if (bytes.length === 0 || ZEROS.equals(bytes)) continue;
      sum = Bun.hash.xxHash64(bytes, sum ^ BigInt(page));
    }
  }
  return sum;
}

function pagesThere(pagemap: number, from: number, to: number): boolean[] {
  const entries = Buffer.alloc(((to - from) / PAGE_SIZE) * ENTRY_BYTES);
  const length = readSync(pagemap, entries, 0, entries.length, (from / PAGE_SIZE) * ENTRY_BYTES);
  return Array.from(
    { length: length / ENTRY_BYTES },
    (_, i) => (entries[i * ENTRY_BYTES + 7]! & THERE) !== 0,
  );
}
