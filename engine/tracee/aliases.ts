/**
 * Pages that show the same page of a file that is mapped shared. Text may be written through another one of them
 * (as just-in-time compilers do that never have memory both writable and executable).
 */
import { PROT } from "../../ffi/mod.ts";
import type { AddressSpace } from "./address-space.ts";
import { type Mapping, PAGE_SIZE } from "./mappings.ts";

/** A stretch of an address space. */
interface Range {
  start: number;
  end: number;
}

/** The other pages of the same space that show what a page shows, in mappings with some of these rights. */
export function aliasesOf({ mappings }: AddressSpace, page: number, rights: number): number[] {
  const mapping = mappings.find(page);
  if (!mapping?.shared || mapping.file < 0) return [];
  const offset = mapping.offset + (page - mapping.start);
  return mappings.all
    .filter((other) => isSameFile(mapping, other) && (other.protection & rights) !== 0)
    .map((other) => ({ other, at: other.start + (offset - other.offset) }))
    .filter(({ other, at }) => at !== page && at >= other.start && at < other.end)
    .map(({ at }) => at);
}

/** Text that may be different from now on, since [start, end) shows the same file and can be written. */
export function aliasedText({ mappings }: AddressSpace, { start, end }: Range): Range[] {
  const writable = mappings
    .overlapping(start, end)
    .filter(({ shared, file, protection }) => shared && file >= 0 && (protection & PROT.WRITE) !== 0);
  return writable.flatMap((mapping) =>
    mappings.all.filter((other) => isSameFile(mapping, other) && (other.protection & PROT.EXEC) !== 0),
  );
}

/** Whether another process has translated text from the memory that a page of this one shows. */
export function isTextElsewhere(space: AddressSpace, page: number): boolean {
  const mapping = space.mappings.find(page);
  if (!mapping?.shared) return false;
  const offset = mapping.offset + (page - mapping.start);
  return [...space.all].some((other) => {
    if (other === space) return false;
    return other.mappings.all.some((found) => {
      // Memory without a file is shared with children, at the same place.
      const at = mapping.file < 0 ? page : found.start + (offset - found.offset);
      if (!isSameFile(mapping, found) || at < found.start || at >= found.end) return false;
      return other.image.cache.hasTextIn(at, at + PAGE_SIZE);
    });
  });
}

function isSameFile(mapping: Mapping, other: Mapping): boolean {
  return mapping !== other && other.shared && other.file === mapping.file;
}
