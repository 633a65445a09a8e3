/**
 * System calls on files, directories, file descriptors and mounts.
 *
 * Sources: section 2 of the manual pages, `fs/*.c` of Linux 6.18.
 */
import { ERRNO, O } from "../../../ffi/mod.ts";
import { argument, field, int, least, pointedLength, result } from "../amounts.ts";
import { behind, filled, iovecs, out, string, when } from "../areas.ts";
import { bits, every, failedWith, not, oneOf, resultAbove, some, unless } from "../conditions.ts";
import { all, calm, changesNothing, type Entry, plain, type Table } from "../entry.ts";
import {
  asksToWrite,
  descriptor,
  flagged,
  GIVEN,
  name,
  type OpenedPath,
  type Stretch,
  target,
  untold,
  writtenTo,
} from "../files.ts";
import { FCNTL } from "./fcntl.ts";
import { IOCTL } from "./ioctl.ts";
import { CACHESTAT, QUOTA, STAT, STATFS, STATX, USTAT } from "./sizes.ts";

/** Flags of open with which a FIFO is not waited for: O_NONBLOCK, O_DIRECTORY, O_PATH (asm-generic/fcntl.h). */
const OPENS_AT_ONCE = 0o4000 | 0o200000 | 0o10000000;

/** The flag of close_range that first parts the descriptors from those of other tasks (linux/close_range.h). */
const CLOSE_RANGE_UNSHARE = 2;

/** LOCK_NB of flock (asm-generic/fcntl.h). */
const LOCK_NB = 4;

/** Largest file handle (MAX_HANDLE_SZ, linux/exportfs.h) and the two words before it. */
const FILE_HANDLE = 8 + 128;

const SUCCEEDED = resultAbove(-1);

/** Modes of fallocate that move what is behind the stretch (linux/falloc.h): COLLAPSE_RANGE, INSERT_RANGE. */
const MOVES_REST = 0x08 | 0x20;
/** An fallocate that failed with these may have done a part of its work. */
const ALLOCATED = some(
  SUCCEEDED,
  ...[ERRNO.EINTR, ERRNO.EIO, ERRNO.ENOSPC, ERRNO.EDQUOT].map((errno) => failedWith(errno)),
);
const FROM_OFFSET: Stretch = { kind: "range", start: argument(2) };

/** Types of files in a mode that are devices: S_IFCHR, S_IFBLK, and the mask (linux/stat.h). */
const S_IFMT = 0o170000;
const DEVICES = [0o020000, 0o060000];

/** A call that opens a file by its path; with O_TRUNC it cuts it. */
function opening(opens: OpenedPath): Entry {
  return {
    descriptors: GIVEN,
    seldomSleeps: "ever",
    opens,
    changes: [{ kind: "opened" }],
    contents: [
      {
        when: every(SUCCEEDED, bits(opens.flags, O.TRUNC)),
        file: { fd: "result" },
        stretch: { kind: "cut", length: 0 },
      },
    ],
  };
}

const AT_POSITION = writtenTo(0, { kind: "writtenAtPosition" });
const AT_OFFSET = writtenTo(0, { kind: "writtenAtOffset", at: 3 });
const BEHIND_POINTER = writtenTo(2, { kind: "writtenBehind", at: 3 });

/** A read at the position, which waits for what a pipe, a terminal or a socket brings. */
const READS: Entry = { blocks: true, seldomSleeps: "forFiles", reads: { fd: 0 } };

export const FILES: Table = {
  ...changesNothing({
    read: { ...READS, writes: [filled(1, 2)] },
    pread64: { reads: { fd: 0, offset: 3 }, writes: [filled(1, 2)] },
    readv: { ...READS, writes: [iovecs(1, 2, result)] },
    preadv: { reads: { fd: 0, offset: 3 }, writes: [iovecs(1, 2, result)] },
    // Offset -1 makes these two a readv and a writev.
    preadv2: { ...READS, reads: { fd: 0, offset: 3 }, writes: [iovecs(1, 2, result)] },
    pwritev2: {
      blocks: true,
      sends: { fd: 0, from: iovecs(1, 2, result) },
      contents: [writtenTo(0, { kind: "writtenAtOffset", at: 3, flags: 5 })],
    },
    write: {
      blocks: true,
      seldomSleeps: "ever",
      sends: { fd: 0, from: out(1, result) },
      contents: [AT_POSITION],
    },
    pwrite64: { sends: { fd: 0, from: out(1, result) }, contents: [AT_OFFSET] },
    writev: {
      blocks: true,
      seldomSleeps: "ever",
      sends: { fd: 0, from: iovecs(1, 2, result) },
      contents: [AT_POSITION],
    },
    pwritev: { sends: { fd: 0, from: iovecs(1, 2, result) }, contents: [AT_OFFSET] },

    // Both offsets of these are written back where they are given.
    sendfile: { blocks: true, moves: 0, writes: [out(2, 8)], contents: [AT_POSITION] },
    splice: { blocks: true, moves: 2, writes: [out(1, 8), out(3, 8)], contents: [BEHIND_POINTER] },
    copy_file_range: { moves: 2, writes: [out(1, 8), out(3, 8)], contents: [BEHIND_POINTER] },
    tee: { blocks: true, moves: 1 },
    // On the reading end of a pipe it fills the iovecs, on the writing end it empties them.
    vmsplice: { blocks: true, moves: 0, writes: [iovecs(1, 2, result)] },
  }),

  open: { blocks: unless(1, OPENS_AT_ONCE), ...opening({ path: 0, flags: int(1) }) },
  openat: { blocks: unless(2, OPENS_AT_ONCE), ...opening({ path: 1, folder: 0, flags: int(2) }) },
  // struct open_how (linux/openat2.h): flags at 0, resolve at 16.
  openat2: {
    blocks: not(bits(field(2, 0, 32), OPENS_AT_ONCE)),
    ...opening({ path: 1, folder: 0, flags: field(2, 0, 32), resolve: field(2, 16, 64) }),
  },
  creat: { blocks: true, ...opening({ path: 0, flags: O.WRONLY | O.CREAT | O.TRUNC }) },
  open_by_handle_at: {
    blocks: unless(2, OPENS_AT_ONCE),
    descriptors: GIVEN,
    changes: [untold(asksToWrite(int(2)))],
  },
  ...changesNothing({
    ...all(["dup", "dup2", "dup3"], { descriptors: GIVEN }),
    close: { descriptors: { kind: "closed", at: 0 } },
    close_range: { descriptors: { kind: "any", parts: bits(int(2), CLOSE_RANGE_UNSHARE) } },
    fcntl: FCNTL,
    ioctl: IOCTL,
    flock: { blocks: unless(1, LOCK_NB), locksFiles: true },

    pipe: { writes: [out(0, 8)] },
    pipe2: { writes: [out(0, 8)] },
    memfd_secret: { doneBy: "the program gets an ordinary file in memory, which the recorder can read" },

    ...calm({
      stat: { looksAt: { path: 0 }, writes: [out(1, STAT)] },
      fstat: { writes: [out(1, STAT)] },
      lstat: { writes: [out(1, STAT)] },
      newfstatat: { looksAt: { path: 1, folder: 0 }, writes: [out(2, STAT)] },
      statx: { looksAt: { path: 1, folder: 0 }, writes: [out(4, STATX)] },
      statfs: { writes: [out(1, STATFS)] },
      fstatfs: { writes: [out(1, STATFS)] },
      ustat: { writes: [out(1, USTAT)] },
      cachestat: { writes: [out(2, CACHESTAT)] },
      file_getattr: { writes: [out(2, argument(3))] },
    }),
    // Option 2 writes the name of a file system.
    sysfs: { writes: [when(oneOf(int(0), [2]), string(2))] },
    ...calm({
      getdents: { writes: [filled(1, 2)] },
      getdents64: { writes: [filled(1, 2)] },
      getcwd: { writes: [filled(0, 1)] },
      readlink: { writes: [filled(1, 2)] },
      readlinkat: { writes: [filled(2, 3)] },
    }),
    // With EOVERFLOW it says how long a handle it would have written.
    name_to_handle_at: { writesAlways: [out(2, FILE_HANDLE), out(3, 8)] },

    // With size 0 these only say how long the value is.
    ...all(["getxattr", "lgetxattr", "fgetxattr"], { writes: [filled(2, 3)] }),
    ...all(["listxattr", "llistxattr", "flistxattr"], { writes: [filled(1, 2)] }),
    listxattrat: { writes: [filled(3, 4)] },
    // struct xattr_args (linux/xattr.h): value at 0, size at 8.
    getxattrat: {
      writes: [behind(4, 0, least(result, field(4, 8, 32)))],
    },
  }),
  // Which structure depends on the file system's kind of quota; the rest of the command's argument stays as it is.
  ...all(["quotactl", "quotactl_fd"], { writes: [out(3, QUOTA)], changes: [untold()] }),
  ...changesNothing({
    statmount: { writes: [out(1, argument(2))] },
    listmount: { writes: [filled(1, 2, 8)] },
    // These say in their size argument how much there is, also when it does not fit (E2BIG).
    lsm_get_self_attr: { writes: [out(1, pointedLength(2))], writesAlways: [out(2, 4)] },
    lsm_list_modules: { writes: [out(0, pointedLength(1))], writesAlways: [out(1, 4)] },
    ...calm({
      access: { looksAt: { path: 0 } },
      ...all(["faccessat", "faccessat2"], { looksAt: { path: 1, folder: 0 } }),
      ...plain("lseek", "umask"),
    }),
  }),

  truncate: {
    changes: [target(0)],
    contents: [{ when: SUCCEEDED, file: { path: 0 }, stretch: { kind: "cut", length: argument(1) } }],
  },
  // What may be written to was opened for it.
  ftruncate: {
    changes: [],
    contents: [{ when: SUCCEEDED, file: { fd: 0 }, stretch: { kind: "cut", length: argument(1) } }],
  },
  fallocate: {
    changes: [],
    contents: [
      { when: every(ALLOCATED, bits(int(1), MOVES_REST)), file: { fd: 0 }, stretch: FROM_OFFSET },
      { when: ALLOCATED, file: { fd: 0 }, stretch: { ...FROM_OFFSET, length: argument(3) } },
    ],
  },

  ...all(["unlink", "rmdir", "mkdir", "lchown", "lsetxattr", "lremovexattr"], { changes: [name(0)] }),
  ...all(["unlinkat", "mkdirat"], { changes: [name(1, 0)] }),
  // A node of a device opens what the device keeps, wherever the node is.
  mknod: { changes: [name(0), untold(oneOf(int(1), DEVICES, S_IFMT))] },
  mknodat: { changes: [name(1, 0), untold(oneOf(int(2), DEVICES, S_IFMT))] },
  // Through another name a file is changed as well: the old one must be allowed, too.
  ...all(["rename", "link"], { changes: [name(0), name(1)] }),
  ...all(["renameat", "renameat2"], { changes: [name(1, 0), name(3, 2)] }),
  linkat: { changes: [flagged(1, 4, "keep"), name(3, 2)] },
  symlink: { changes: [name(1)] },
  symlinkat: { changes: [name(2, 1)] },

  ...all(["chmod", "chown", "utime", "utimes", "setxattr", "removexattr"], { changes: [target(0)] }),
  fchmodat: { changes: [target(1, 0)] },
  ...all(["fchmodat2", "utimensat"], { changes: [flagged(1, 3)] }),
  ...all(["fchownat", "file_setattr"], { changes: [flagged(1, 4)] }),
  ...all(["setxattrat", "removexattrat"], { changes: [flagged(1, 2)] }),
  futimesat: { changes: [flagged(1)] },
  ...all(["fchmod", "fchown", "fsetxattr", "fremovexattr"], { changes: [descriptor(0)] }),

  // Other ways to the same files, by new names.
  ...all(
    [
      "mount",
      "umount2",
      "move_mount",
      "fsmount",
      "open_tree",
      "open_tree_attr",
      "mount_setattr",
      "swapon",
      "swapoff",
      "acct",
      // What these prepare is mounted by the others; the file that they are set up with may be changed by it.
      "fsconfig",
    ],
    { changes: [untold()] },
  ),
  pivot_root: { changesRights: true, changes: [untold()] },
  ...changesNothing({ chroot: { changesRights: true } }),
  ...changesNothing(all(["inotify_init", "inotify_init1", "fanotify_init"], { listens: true })),
  ...changesNothing(
    plain(
      "chdir",
      "epoll_create",
      "epoll_create1",
      "epoll_ctl",
      "eventfd",
      "eventfd2",
      "fadvise64",
      "fanotify_mark",
      "fchdir",
      "fdatasync",
      "fsopen",
      "fspick",
      "fsync",
      "inotify_add_watch",
      "inotify_rm_watch",
      "lsm_set_self_attr",
      "memfd_create",
      "readahead",
      "sync",
      "sync_file_range",
      "syncfs",
      "vhangup",
    ),
  ),
};
