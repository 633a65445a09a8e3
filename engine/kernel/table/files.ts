/**
 * System calls on files, directories, file descriptors and mounts.
 *
 * Sources: section 2 of the manual pages, `fs/*.c` of Linux 6.18. `changesFds` is set where a known number can
 * begin or cease to mean the program's standard output: not where a new socket, pipe or event gets a free number.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { argument, field, int, least, pointedLength, result } from "../amounts.ts";
import { behind, filled, iovecs, out, string, when } from "../areas.ts";
import { bits, not, oneOf, unless } from "../conditions.ts";
import { absent, all, calm, plain, type Table } from "../entry.ts";
import { FCNTL } from "./fcntl.ts";
import { IOCTL } from "./ioctl.ts";
import { CACHESTAT, QUOTA, STAT, STATFS, STATX, USTAT } from "./sizes.ts";

/** Flags of open with which a FIFO is not waited for: O_NONBLOCK, O_DIRECTORY, O_PATH (asm-generic/fcntl.h). */
const OPENS_AT_ONCE = 0o4000 | 0o200000 | 0o10000000;

/** LOCK_NB of flock (asm-generic/fcntl.h). */
const LOCK_NB = 4;

/** Largest file handle (MAX_HANDLE_SZ, linux/exportfs.h) and the two words before it. */
const FILE_HANDLE = 8 + 128;

export const FILES: Table = {
  read: { blocks: true, writes: [filled(1, 2)] },
  pread64: { writes: [filled(1, 2)] },
  readv: { blocks: true, writes: [iovecs(1, 2, result)] },
  preadv: { writes: [iovecs(1, 2, result)] },
  // Offset -1 makes these two a readv and a writev.
  preadv2: { blocks: true, writes: [iovecs(1, 2, result)] },
  pwritev2: { blocks: true, sends: { fd: 0, from: iovecs(1, 2, result) } },
  write: { blocks: true, sends: { fd: 0, from: out(1, result) } },
  pwrite64: { sends: { fd: 0, from: out(1, result) } },
  writev: { blocks: true, sends: { fd: 0, from: iovecs(1, 2, result) } },
  pwritev: { sends: { fd: 0, from: iovecs(1, 2, result) } },

  // Both offsets of these are written back where they are given.
  sendfile: { blocks: true, moves: 0, writes: [out(2, 8)] },
  splice: { blocks: true, moves: 2, writes: [out(1, 8), out(3, 8)] },
  copy_file_range: { moves: 2, writes: [out(1, 8), out(3, 8)] },
  tee: { blocks: true, moves: 1 },
  // On the reading end of a pipe it fills the iovecs, on the writing end it empties them.
  vmsplice: { blocks: true, moves: 0, writes: [iovecs(1, 2, result)] },

  open: { blocks: unless(1, OPENS_AT_ONCE), changesFds: true },
  openat: { blocks: unless(2, OPENS_AT_ONCE), changesFds: true },
  openat2: { blocks: not(bits(field(2, 0, 32), OPENS_AT_ONCE)), changesFds: true },
  creat: { blocks: true, changesFds: true },
  open_by_handle_at: { blocks: unless(2, OPENS_AT_ONCE), changesFds: true },
  ...all(["close", "close_range", "dup", "dup2", "dup3"], { changesFds: true }),
  fcntl: FCNTL,
  ioctl: IOCTL,
  flock: { blocks: unless(1, LOCK_NB) },

  pipe: { writes: [out(0, 8)] },
  pipe2: { writes: [out(0, 8)] },
  memfd_secret: absent(ERRNO.ENOSYS, "its memory cannot be read by the recorder"),

  ...calm({
    stat: { writes: [out(1, STAT)] },
    fstat: { writes: [out(1, STAT)] },
    lstat: { writes: [out(1, STAT)] },
    newfstatat: { writes: [out(2, STAT)] },
    statx: { writes: [out(4, STATX)] },
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

  // Which structure depends on the file system's kind of quota; the rest of the command's argument stays as it is.
  quotactl: { writes: [out(3, QUOTA)] },
  quotactl_fd: { writes: [out(3, QUOTA)] },
  statmount: { writes: [out(1, argument(2))] },
  listmount: { writes: [filled(1, 2, 8)] },
  // These say in their size argument how much there is, also when it does not fit (E2BIG).
  lsm_get_self_attr: { writes: [out(1, pointedLength(2))], writesAlways: [out(2, 4)] },
  lsm_list_modules: { writes: [out(0, pointedLength(1))], writesAlways: [out(1, 4)] },
  ...calm(plain("access", "faccessat", "faccessat2", "lseek", "umask")),
  ...plain(
    "acct",
    "chdir",
    "chmod",
    "chown",
    "chroot",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "eventfd",
    "eventfd2",
    "fadvise64",
    "fallocate",
    "fanotify_init",
    "fanotify_mark",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchownat",
    "fdatasync",
    "file_setattr",
    "fremovexattr",
    "fsconfig",
    "fsetxattr",
    "fsmount",
    "fsopen",
    "fspick",
    "fsync",
    "ftruncate",
    "futimesat",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "lchown",
    "link",
    "linkat",
    "lremovexattr",
    "lsetxattr",
    "lsm_set_self_attr",
    "memfd_create",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "pivot_root",
    "readahead",
    "removexattr",
    "removexattrat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "setxattr",
    "setxattrat",
    "swapoff",
    "swapon",
    "symlink",
    "symlinkat",
    "sync",
    "sync_file_range",
    "syncfs",
    "truncate",
    "umount2",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
    "vhangup",
  ),
};
