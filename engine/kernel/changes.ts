/**
 * Which files a system call would change: their contents, their names, their attributes. What the table says of a call
 * becomes the paths and descriptors of this one.
 *
 * Sources: section 2 of the manual pages; linux/fcntl.h for the flags of the `…at` calls.
 */
import { AT_FDCWD } from "../../ffi/mod.ts";
import { evaluate } from "./amounts.ts";
import type { SyscallSpec } from "./call.ts";
import type { CallView } from "./call-view.ts";
import { holds } from "./conditions.ts";
import { asksToWrite, type FileChange, type LastLink, type PathArgument, UNNAMED } from "./files.ts";

/** A file that a call would change. */
export type Change =
  | {
      kind: "path";
      /** What the path is relative to. */
      fd: number;
      path: string;
      last: LastLink;
      /** It would be opened, and changed by what is written. */
      opens: boolean;
    }
  /** An open file, by its descriptor. */
  | { kind: "descriptor"; fd: number }
  /** Something is changed, and it can't be told what. */
  | { kind: "unknown" };

const AT = { SYMLINK_NOFOLLOW: 0x100, SYMLINK_FOLLOW: 0x400, EMPTY_PATH: 0x1000 } as const;

/** RESOLVE_IN_ROOT (linux/openat2.h): the descriptor takes the place of the root. */
const RESOLVE_IN_ROOT = 0x10;

/** AF_UNIX, and where the path of such an address is (linux/un.h). */
const AF_UNIX = 1;
const SUN_PATH = 2;
const SUN_PATH_MAX = 108;

/** The files that a call would change, as far as that can be told at its entry. */
export function changesOf(spec: SyscallSpec, call: CallView): Change[] {
  if (spec.changes === "unknown") return [{ kind: "unknown" }];
  return spec.changes.flatMap((change) => told(change, spec, call));
}

function told(change: FileChange, spec: SyscallSpec, call: CallView): Change[] {
  switch (change.kind) {
    case "path":
      return [at(folderOf(change, call), call.string(call.argument(change.path)), change.last)];
    case "flagged":
      return flagged(change, call);
    case "opened":
      return opened(spec, call);
    case "descriptor":
      return holds(change.when ?? true, call) ? [{ kind: "descriptor", fd: call.int(change.at) }] : [];
    case "boundAddress":
      return bound(call, call.argument(change.address), call.int(change.length));
    case "untold":
      return holds(change.when ?? true, call) ? [{ kind: "unknown" }] : [];
  }
}

function at(fd: number, path: string, last: LastLink, opens = false): Change {
  return { kind: "path", fd, path, last, opens };
}

function folderOf({ folder }: PathArgument, call: CallView): number {
  return folder === undefined ? AT_FDCWD : call.int(folder);
}

function flagged(change: FileChange & { kind: "flagged" }, call: CallView): Change[] {
  const flags = change.flags === undefined ? 0 : call.int(change.flags);
  const address = call.argument(change.path);
  const given = address === 0 ? "" : call.string(address);
  if (given === "" && (address === 0 || (flags & AT.EMPTY_PATH) !== 0))
    return [{ kind: "descriptor", fd: call.int(0) }];
  const follows =
    change.links === "keep" ? (flags & AT.SYMLINK_FOLLOW) !== 0 : (flags & AT.SYMLINK_NOFOLLOW) === 0;
  return [at(call.int(0), given, follows ? "follow" : "keep")];
}

function opened({ opens }: SyscallSpec, call: CallView): Change[] {
  if (!opens || !holds(asksToWrite(opens.flags), call)) return [];
  if (opens.resolve !== undefined && (evaluate(opens.resolve, call) & RESOLVE_IN_ROOT) !== 0)
    return [{ kind: "unknown" }];
  const folder = folderOf(opens, call);
  const path = call.string(call.argument(opens.path));
  const isUnnamed = (evaluate(opens.flags, call) & UNNAMED) !== 0;
  // A file without a name, in the folder that the path names: as any new name there.
  return [isUnnamed ? at(folder, `${path}/tmpfile`, "keep") : at(folder, path, "follow", true)];
}

/** A socket that is bound to a path makes a file there; an abstract name begins with NUL. */
function bound(call: CallView, address: number, length: number): Change[] {
  if ((call.u32(address) & 0xffff) !== AF_UNIX || length <= SUN_PATH) return [];
  const name = call.string(address + SUN_PATH, Math.min(SUN_PATH_MAX, length - SUN_PATH));
  return name === "" ? [] : [at(AT_FDCWD, name, "keep")];
}
