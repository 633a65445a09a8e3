/**
 * What a system call does to files: which it opens, what of their contents it changes, and which names and attributes.
 * Data, as amounts and areas are.
 */
import { O } from "../../ffi/mod.ts";
import type { Amount } from "./amounts.ts";
import { bits, type Condition, every, not, resultAbove, some } from "./conditions.ts";

/** What becomes of a symbolic link in the last component of a path. */
export type LastLink = "follow" | "keep";

/** Where a call has a path: in which argument, and which one is the folder that it is relative to. */
export interface PathArgument {
  readonly path: number;
  /** Undefined for the working directory. */
  readonly folder?: number;
}

/** A path that a call opens, and with which flags of open. */
export interface OpenedPath extends PathArgument {
  readonly flags: Amount;
  /** Where it says how the path is resolved (`RESOLVE_…`, linux/openat2.h). */
  readonly resolve?: Amount;
}

/** A stretch of a file's contents. */
export type Stretch =
  /** As many bytes as the result says, from where the descriptor stood. */
  | { readonly kind: "writtenAtPosition" }
  /** As many bytes as the result says, at the offset in an argument; -1 there is the position. */
  | { readonly kind: "writtenAtOffset"; readonly at: number; readonly flags?: number }
  /** As many bytes as the result says, up to the offset that an argument points to; the position without that. */
  | { readonly kind: "writtenBehind"; readonly at: number }
  /** All from a length on. */
  | { readonly kind: "cut"; readonly length: Amount }
  /** From `start` on; all of it without a length. */
  | { readonly kind: "range"; readonly start: Amount; readonly length?: Amount };

/** A change of a file's contents. */
export interface ContentChange {
  /** Asked at the call's exit. */
  readonly when: Condition;
  /** The file: an open one, by the argument or the result that is its descriptor, or one by its path. */
  readonly file: { readonly fd: number | "result" } | { readonly path: number };
  readonly stretch: Stretch;
}

/**
 * What a call does to descriptors. A new socket, pipe or event is not among it: it gets a number that is free, of which
 * nothing is known.
 */
export type DescriptorChange =
  /**
   * The number that it gives, as its result, leads to a file, where `when` holds, if that is given; `usedNext` if the
   * program nearly always goes on with it.
   */
  | { readonly kind: "given"; readonly usedNext: boolean; readonly when?: Condition }
  /** The descriptor in argument `at` is closed, whatever the result. */
  | { readonly kind: "closed"; readonly at: number }
  /** It can't be told which lead elsewhere; those of the task are parted from others' before, where `parts` holds. */
  | { readonly kind: "any"; readonly parts: Condition };

/** A call whose result is a descriptor that the program goes on with. */
export const GIVEN: DescriptorChange = { kind: "given", usedNext: true };

/** A call of whose descriptors nothing can be told. */
export const ANY: DescriptorChange = { kind: "any", parts: false };

/** A file that a call would change: its contents, its names, its attributes. Asked at the call's entry. */
export type FileChange =
  /** `last`: whether a link at the end of the path is followed. */
  | ({ readonly kind: "path"; readonly last: LastLink } & PathArgument)
  /**
   * A path relative to argument 0. The flags in argument `flags`, if there is one, say whether a link at its end is
   * followed, otherwise than `links` says, and whether an empty path means the descriptor itself, as a null pointer does.
   */
  | {
      readonly kind: "flagged";
      readonly path: number;
      readonly flags?: number;
      readonly links: LastLink;
    }
  /** What is opened, by the call's own `opens`, where the flags ask to write. */
  | { readonly kind: "opened" }
  /** An open file, by the argument that is its descriptor. */
  | { readonly kind: "descriptor"; readonly at: number; readonly when?: Condition }
  /** The path in the address that a socket is bound to. */
  | { readonly kind: "boundAddress"; readonly address: number; readonly length: number }
  /** Something is changed, and it can't be told what. */
  | { readonly kind: "untold"; readonly when?: Condition };

/** A path that is changed itself: a link at its end is not followed. */
export function name(path: number, folder?: number): FileChange {
  return { kind: "path", last: "keep", path, ...(folder !== undefined && { folder }) };
}

/** The file that a path leads to, by all links. */
export function target(path: number, folder?: number): FileChange {
  return { kind: "path", last: "follow", path, ...(folder !== undefined && { folder }) };
}

/** A path with flags of the `…at` calls: links are followed unless AT_SYMLINK_NOFOLLOW, or only if AT_SYMLINK_FOLLOW. */
export function flagged(path: number, flags?: number, links: LastLink = "follow"): FileChange {
  return { kind: "flagged", path, ...(flags !== undefined && { flags }), links };
}

/** The file of descriptor `at`, as far as a condition holds. */
export function descriptor(at: number, when?: Condition): FileChange {
  return { kind: "descriptor", at, ...(when !== undefined && { when }) };
}

/** Something that can't be told, as far as a condition holds. */
export function untold(when?: Condition): FileChange {
  return { kind: "untold", ...(when !== undefined && { when }) };
}

/** A call that has written to descriptor `fd` as many bytes as its result says. */
export function writtenTo(fd: number, stretch: Stretch): ContentChange {
  return { when: resultAbove(0), file: { fd }, stretch };
}

/** O_TMPFILE without the O_DIRECTORY in it (asm-generic/fcntl.h): a file without a name. */
export const UNNAMED = O.TMPFILE & ~O.DIRECTORY;

/** Flags of open that can change a file: by what may be written then, or by opening (see open(2)). */
export function asksToWrite(flags: Amount): Condition {
  const writes = bits(flags, O.ACCMODE);
  return every(not(bits(flags, O.PATH)), some(writes, bits(flags, O.CREAT | O.TRUNC | UNNAMED)));
}
