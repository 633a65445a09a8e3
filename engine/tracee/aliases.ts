/**
 * Pages that show the same memory, in one address space or in several. Text may be written through another one of
 * them: by just-in-time compilers that never have memory both writable and executable, or by another process.
 */
import { PROT } from "../../ffi/mod.ts";
import type { AddressSpace } from "./address-space.ts";
import type { Mapping } from "./mappings.ts";

/** A page of an address space. */
export interface Place {
  space: AddressSpace;
  page: number;
}

/** A stretch of an address space. */
export interface Stretch {
  space: AddressSpace;
  start: number;
  end: number;
}

/** The pages by which text that a page shows can be written: that page itself first. */
export function writersOf(space: AddressSpace, page: number): Place[] {
  return [{ space, page }, ...othersOf(space, page, (other) => other.shared && has(other, PROT.WRITE))];
}

/** The pages of text that a store to a page changes: that page itself first, be it text or not. */
export function textOf(space: AddressSpace, page: number): Place[] {
  const others = space.mappings.find(page)?.shared
    ? othersOf(space, page, (other) => has(other, PROT.EXEC))
    : [];
  return [{ space, page }, ...others];
}

/** Text that may be different from now on, since [start, end) of a space shows the same memory and can be written. */
export function aliasedText(space: AddressSpace, { start, end }: { start: number; end: number }): Stretch[] {
  const writable = space.mappings
    .overlapping(start, end)
    .filter((mapping) => mapping.shared && has(mapping, PROT.WRITE));
  return writable.flatMap((mapping) =>
    [...space.all].flatMap((owner) =>
      owner.mappings.all
        .filter((other) => showsSame(mapping, other) && has(other, PROT.EXEC))
        .map((other) => ({ space: owner, start: other.start, end: other.end })),
    ),
  );
}

/** The other pages, in any space, that show what a page shows, in mappings of some kind. */
function othersOf(space: AddressSpace, page: number, isMeant: (mapping: Mapping) => boolean): Place[] {
  const mapping = space.mappings.find(page);
  if (!mapping || identityOf(mapping) === undefined) return [];
  const offset = mapping.offset + (page - mapping.start);
  return [...space.all].flatMap((owner) =>
    owner.mappings.all
      .filter((other) => other !== mapping && showsSame(mapping, other) && isMeant(other))
      .map((other) => ({ other, at: other.start + (offset - other.offset) }))
      .filter(({ other, at }) => at >= other.start && at < other.end && !(owner === space && at === page))
      .map(({ at }) => ({ space: owner, page: at })),
  );
}

/** A private page shows the file, too, as long as it is not written to. */
function showsSame(mapping: Mapping, other: Mapping): boolean {
  const identity = identityOf(mapping);
  return identity !== undefined && identity === identityOf(other) && (mapping.shared || other.shared);
}

/** What memory a mapping shows, as far as others can show it too. */
function identityOf({ file, memory }: Mapping): number | string | undefined {
  return file >= 0 ? file : memory;
}

function has(mapping: Mapping, right: number): boolean {
  return (mapping.protection & right) !== 0;
}
