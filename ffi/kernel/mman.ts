/** Constants of memory mappings and of the files behind them. */

/** Protection of a mapping. Source: asm-generic/mman-common.h. */
export const PROT = {
  NONE: 0,
  READ: 1,
  WRITE: 2,
  EXEC: 4,
  GROWSDOWN: 0x0100_0000,
  GROWSUP: 0x0200_0000,
} as const;

/** Flags of mmap. Source: linux/mman.h, asm-generic/mman-common.h, asm-generic/mman.h, asm/mman.h. */
export const MAP = {
  SHARED: 0x01,
  PRIVATE: 0x02,
  SHARED_VALIDATE: 0x03,
  /** Private memory that the kernel may drop, and no child gets; since Linux 6.11. */
  DROPPABLE: 0x08,
  /** Mask of these. */
  TYPE: 0x0f,
  FIXED: 0x10,
  ANONYMOUS: 0x20,
  /** Below 2 GiB; x86-64 only. */
  "32BIT": 0x40,
  GROWSDOWN: 0x0100,
  DENYWRITE: 0x0800,
  EXECUTABLE: 0x1000,
  LOCKED: 0x2000,
  NORESERVE: 0x4000,
  POPULATE: 0x8000,
  NONBLOCK: 0x1_0000,
  STACK: 0x2_0000,
  HUGETLB: 0x4_0000,
  SYNC: 0x8_0000,
  /** As FIXED, but EEXIST instead of replacing what is there. */
  FIXED_NOREPLACE: 0x10_0000,
} as const;

/** Flags of mremap. Source: linux/mman.h. */
export const MREMAP = { MAYMOVE: 1, FIXED: 2, DONTUNMAP: 4 } as const;

/** Advice of madvise, as far as it changes what a program can see. Source: asm-generic/mman-common.h, Linux 6.18. */
export const MADV = {
  DONTNEED: 4,
  FREE: 8,
  REMOVE: 9,
  DONTFORK: 10,
  DOFORK: 11,
  WIPEONFORK: 18,
  KEEPONFORK: 19,
  POPULATE_WRITE: 23,
  DONTNEED_LOCKED: 24,
  GUARD_INSTALL: 102,
  GUARD_REMOVE: 103,
} as const;

/** Flags of memfd_create. Source: linux/memfd.h; the last two are not in the 6.1 headers that the rest was compared with. */
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, HUGETLB: 4, NOEXEC_SEAL: 8, EXEC: 0x10 } as const;

/** Flags of open. Source: asm-generic/fcntl.h (x86-64 overrides none of them). */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  ACCMODE: 3,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DSYNC: 0o10000,
  ASYNC: 0o20000,
  DIRECT: 0o40000,
  LARGEFILE: 0o100000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  NOATIME: 0o1000000,
  CLOEXEC: 0o2000000,
  SYNC: 0o4010000,
  PATH: 0o10000000,
  TMPFILE: 0o20200000,
} as const;

/** `dirfd` that means the working directory. Source: linux/fcntl.h. */
export const AT_FDCWD = -100;
