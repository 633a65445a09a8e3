/**
 * Which files a system call would change: their contents, their names, their attributes.
 *
 * Sources: section 2 of the manual pages; linux/fcntl.h for the flags of the `…at` calls.
 */
import { AT_FDCWD, O, SYSCALLS } from "../../../ffi/mod.ts";
import type { CallView } from "../../kernel/call.ts";
import type { LastLink } from "./resolve-path.ts";

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

/** O_TMPFILE without the O_DIRECTORY in it (asm-generic/fcntl.h). */
const TMPFILE = O.TMPFILE & ~O.DIRECTORY;

/** RESOLVE_IN_ROOT (linux/openat2.h): the descriptor takes the place of the root. */
const RESOLVE_IN_ROOT = 0x10;

/** AF_UNIX, and where the path of such an address is (linux/un.h). */
const AF_UNIX = 1;
const SUN_PATH = 2;
const SUN_PATH_MAX = 108;

/** Types of files in a mode that are devices: S_IFCHR, S_IFBLK, and the mask (linux/stat.h). */
const S_IFMT = 0o170000;
const DEVICES: ReadonlySet<number> = new Set([0o020000, 0o060000]);

/** Commands of ioctl that change attributes through a descriptor that need not be writable (linux/fs.h). */
const ATTRIBUTE_IOCTLS: ReadonlySet<number> = new Set([
  0x40086602, // FS_IOC_SETFLAGS
  0x40087602, // FS_IOC_SETVERSION
  0x401c5820, // FS_IOC_FSSETXATTR
]);

type Changes = (call: CallView) => Change[];

const descriptor: Changes = (call) => [{ kind: "descriptor", fd: call.int(0) }];

/** A path in argument `i`, relative to the descriptor in argument `at` or to the working directory. */
function path(i: number, { at, last = "keep" }: { at?: number; last?: LastLink } = {}): Changes {
  return (call) => [
    {
      kind: "path",
      fd: at === undefined ? AT_FDCWD : call.int(at),
      path: call.string(call.argument(i)),
      last,
      opens: false,
    },
  ];
}

/**
 * A path in argument `i`, relative to argument 0; the flags in argument `flagsAt` say whether its last link is followed,
 * and whether an empty path means the descriptor itself. So does a null pointer, in calls that take one.
 */
function flagged(i: number, flagsAt: number): Changes {
  return (call) => {
    const flags = call.int(flagsAt);
    const given = call.argument(i) === 0 ? "" : call.string(call.argument(i));
    if (given === "" && (call.argument(i) === 0 || (flags & AT.EMPTY_PATH) !== 0)) return descriptor(call);
    const follows =
      call.number === SYSCALLS.linkat
        ? (flags & AT.SYMLINK_FOLLOW) !== 0
        : (flags & AT.SYMLINK_NOFOLLOW) === 0;
    return path(i, { at: 0, last: follows ? "follow" : "keep" })(call);
  };
}

const unknown: Changes = () => [{ kind: "unknown" }];

const both =
  (...parts: readonly Changes[]): Changes =>
  (call) =>
    parts.flatMap((part) => part(call));

/** Whether flags of open change something: by what may be written then, or by opening. */
function opensToChange(flags: number): boolean {
  if ((flags & O.PATH) !== 0) return false;
  return (flags & O.ACCMODE) !== O.RDONLY || (flags & (O.CREAT | O.TRUNC | TMPFILE)) !== 0;
}

function opening(fd: number, call: CallView, pathAt: number, flags: number): Change[] {
  if (!opensToChange(flags)) return [];
  const at = { fd, path: call.string(call.argument(pathAt)), opens: true } as const;
  if ((flags & TMPFILE) === 0) return [{ kind: "path", last: "follow", ...at }];
  // A file without a name, in the folder that the path names: as any new name there.
  return [{ kind: "path", last: "keep", ...at, path: `${at.path}/tmpfile`, opens: false }];
}

function openat2(call: CallView): Change[] {
  const how = call.argument(2);
  const flags = call.u32(how);
  if (opensToChange(flags) && (call.u64(how + 16) & RESOLVE_IN_ROOT) !== 0) return [{ kind: "unknown" }];
  return opening(call.int(0), call, 1, flags);
}

/** A socket that is bound to a path makes a file there; an abstract name begins with NUL. */
function binding(call: CallView): Change[] {
  const address = call.argument(1);
  if ((call.u32(address) & 0xffff) !== AF_UNIX || call.int(2) <= SUN_PATH) return [];
  const name = call.string(address + SUN_PATH, Math.min(SUN_PATH_MAX, call.int(2) - SUN_PATH));
  return name === "" ? [] : [{ kind: "path", fd: AT_FDCWD, path: name, last: "keep", opens: false }];
}

/** A node of a device opens what the device keeps, wherever the node is. */
function node(modeAt: number, where: Changes): Changes {
  return (call) => (DEVICES.has(call.int(modeAt) & S_IFMT) ? [{ kind: "unknown" }] : where(call));
}

const CHANGES: ReadonlyMap<number, Changes> = new Map<number, Changes>([
  [SYSCALLS.open, (call) => opening(AT_FDCWD, call, 0, call.int(1))],
  [SYSCALLS.openat, (call) => opening(call.int(0), call, 1, call.int(2))],
  [SYSCALLS.openat2, openat2],
  [SYSCALLS.creat, (call) => opening(AT_FDCWD, call, 0, O.WRONLY | O.CREAT | O.TRUNC)],
  [SYSCALLS.open_by_handle_at, (call) => (opensToChange(call.int(2)) ? [{ kind: "unknown" }] : [])],

  [SYSCALLS.truncate, path(0, { last: "follow" })],
  [SYSCALLS.unlink, path(0)],
  [SYSCALLS.unlinkat, path(1, { at: 0 })],
  [SYSCALLS.rmdir, path(0)],
  [SYSCALLS.mkdir, path(0)],
  [SYSCALLS.mkdirat, path(1, { at: 0 })],
  [SYSCALLS.mknod, node(1, path(0))],
  [SYSCALLS.mknodat, node(2, path(1, { at: 0 }))],
  [SYSCALLS.rename, both(path(0), path(1))],
  [SYSCALLS.renameat, both(path(1, { at: 0 }), path(3, { at: 2 }))],
  [SYSCALLS.renameat2, both(path(1, { at: 0 }), path(3, { at: 2 }))],
  // Through another name a file is changed as well: the old one must be allowed, too.
  [SYSCALLS.link, both(path(0), path(1))],
  [SYSCALLS.linkat, both(flagged(1, 4), path(3, { at: 2 }))],
  [SYSCALLS.symlink, path(1)],
  [SYSCALLS.symlinkat, path(2, { at: 1 })],

  [SYSCALLS.chmod, path(0, { last: "follow" })],
  [SYSCALLS.fchmodat, path(1, { at: 0, last: "follow" })],
  [SYSCALLS.fchmodat2, flagged(1, 3)],
  [SYSCALLS.chown, path(0, { last: "follow" })],
  [SYSCALLS.lchown, path(0)],
  [SYSCALLS.fchownat, flagged(1, 4)],
  [SYSCALLS.utime, path(0, { last: "follow" })],
  [SYSCALLS.utimes, path(0, { last: "follow" })],
  [
    SYSCALLS.futimesat,
    (call) => (call.argument(1) === 0 ? descriptor : path(1, { at: 0, last: "follow" }))(call),
  ],
  [SYSCALLS.utimensat, flagged(1, 3)],
  [SYSCALLS.setxattr, path(0, { last: "follow" })],
  [SYSCALLS.lsetxattr, path(0)],
  [SYSCALLS.setxattrat, flagged(1, 2)],
  [SYSCALLS.removexattr, path(0, { last: "follow" })],
  [SYSCALLS.lremovexattr, path(0)],
  [SYSCALLS.removexattrat, flagged(1, 2)],
  [SYSCALLS.file_setattr, flagged(1, 4)],
  [SYSCALLS.fchmod, descriptor],
  [SYSCALLS.fchown, descriptor],
  [SYSCALLS.fsetxattr, descriptor],
  [SYSCALLS.fremovexattr, descriptor],
  [SYSCALLS.ioctl, (call) => (ATTRIBUTE_IOCTLS.has(call.int(1)) ? descriptor(call) : [])],
  [SYSCALLS.bind, binding],

  // Other ways to the same files, by new names or from other processes.
  [SYSCALLS.mount, unknown],
  [SYSCALLS.umount2, unknown],
  [SYSCALLS.move_mount, unknown],
  [SYSCALLS.fsmount, unknown],
  [SYSCALLS.open_tree, unknown],
  [SYSCALLS.open_tree_attr, unknown],
  [SYSCALLS.mount_setattr, unknown],
  [SYSCALLS.pivot_root, unknown],
  [SYSCALLS.swapon, unknown],
  [SYSCALLS.swapoff, unknown],
  [SYSCALLS.acct, unknown],
  [SYSCALLS.quotactl, unknown],
  [SYSCALLS.quotactl_fd, unknown],
  [SYSCALLS.init_module, unknown],
  [SYSCALLS.finit_module, unknown],
  [SYSCALLS.pidfd_getfd, unknown],
]);

/** The files that a call would change, as far as that can be told at its entry. */
export function changesOf(call: CallView): Change[] {
  return CHANGES.get(call.number)?.(call) ?? [];
}
