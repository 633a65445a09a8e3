/** Constants of processes: cloning, waiting, personality, resources of the architecture. */

/** Flags of clone. Source: linux/sched.h. The last two need clone3 and exceed 32 bits. */
export const CLONE = {
  /** Mask of the exit signal in the flags of clone (clone3 has a field for it). */
  CSIGNAL: 0xff,
  /** clone3 and unshare only: its bit lies inside CSIGNAL. */
  NEWTIME: 0x80,
  VM: 0x100,
  FS: 0x200,
  FILES: 0x400,
  SIGHAND: 0x800,
  PIDFD: 0x1000,
  PTRACE: 0x2000,
  VFORK: 0x4000,
  PARENT: 0x8000,
  THREAD: 0x1_0000,
  NEWNS: 0x2_0000,
  SYSVSEM: 0x4_0000,
  SETTLS: 0x8_0000,
  PARENT_SETTID: 0x10_0000,
  CHILD_CLEARTID: 0x20_0000,
  DETACHED: 0x40_0000,
  UNTRACED: 0x80_0000,
  CHILD_SETTID: 0x100_0000,
  NEWCGROUP: 0x200_0000,
  NEWUTS: 0x400_0000,
  NEWIPC: 0x800_0000,
  NEWUSER: 0x1000_0000,
  NEWPID: 0x2000_0000,
  NEWNET: 0x4000_0000,
  IO: 0x8000_0000,
  CLEAR_SIGHAND: 0x1_0000_0000,
  INTO_CGROUP: 0x2_0000_0000,
} as const;

/** Options of wait4 and waitid. Source: linux/wait.h. */
export const WAIT = {
  NOHANG: 1,
  /** Report stopped children that are not traced; traced ones always are. */
  UNTRACED: 2,
  STOPPED: 2,
  EXITED: 4,
  CONTINUED: 8,
  /** waitid only: leave the child in its waitable state. */
  NOWAIT: 0x0100_0000,
  NOTHREAD: 0x2000_0000,
  /** Children of either kind; the wrappers of this folder always add it. */
  ALL: 0x4000_0000,
  CLONE: 0x8000_0000,
} as const;

/** What waitid waits for. Source: linux/wait.h. */
export const WAIT_ID = { ALL: 0, PID: 1, PGID: 2, PIDFD: 3 } as const;

/** Bits of personality. Source: linux/personality.h. */
export const PERSONALITY = { ADDR_NO_RANDOMIZE: 0x4_0000, READ_IMPLIES_EXEC: 0x40_0000 } as const;

/** Codes of arch_prctl. Source: asm/prctl.h. */
export const ARCH = {
  SET_GS: 0x1001,
  SET_FS: 0x1002,
  GET_FS: 0x1003,
  GET_GS: 0x1004,
  GET_CPUID: 0x1011,
  /** Second argument 0 makes cpuid fault (SIGSEGV) where the processor can. */
  SET_CPUID: 0x1012,
} as const;

/** Types of kcmp. Source: linux/kcmp.h. */
export const KCMP = { FILE: 0, VM: 1, FILES: 2, FS: 3, SIGHAND: 4, IO: 5, SYSVSEM: 6, EPOLL_TFD: 7 } as const;

/** Types of entries of the auxiliary vector. Source: linux/auxvec.h and asm/auxvec.h. */
export const AT = {
  NULL: 0,
  IGNORE: 1,
  EXECFD: 2,
  PHDR: 3,
  PHENT: 4,
  PHNUM: 5,
  PAGESZ: 6,
  BASE: 7,
  FLAGS: 8,
  ENTRY: 9,
  NOTELF: 10,
  UID: 11,
  EUID: 12,
  GID: 13,
  EGID: 14,
  PLATFORM: 15,
  HWCAP: 16,
  CLKTCK: 17,
  SECURE: 23,
  BASE_PLATFORM: 24,
  RANDOM: 25,
  HWCAP2: 26,
  /** The four to HWCAP4 are not in the 6.1 headers that the rest was compared with. */
  RSEQ_FEATURE_SIZE: 27,
  RSEQ_ALIGN: 28,
  HWCAP3: 29,
  HWCAP4: 30,
  EXECFN: 31,
  SYSINFO: 32,
  /** Where the vdso is mapped. */
  SYSINFO_EHDR: 33,
  MINSIGSTKSZ: 51,
} as const;
