/** Layouts of kernel structs on x86-64: offsets in bytes, sizes beside them. A test asserts each size. */

/**
 * struct user_regs_struct: index of each register in a BigUint64Array, in the order of PTRACE_GETREGS.
 * Source: asm/ptrace.h (struct pt_regs) and sys/user.h, which adds the segment bases and selectors.
 */
export const REG = {
  r15: 0,
  r14: 1,
  r13: 2,
  r12: 3,
  rbp: 4,
  rbx: 5,
  r11: 6,
  r10: 7,
  r9: 8,
  r8: 9,
  rax: 10,
  rcx: 11,
  rdx: 12,
  rsi: 13,
  rdi: 14,
  /** The number of the system call, or −1 outside one; −1 also forbids the kernel to restart it. */
  orig_rax: 15,
  rip: 16,
  cs: 17,
  eflags: 18,
  rsp: 19,
  ss: 20,
  fs_base: 21,
  gs_base: 22,
  ds: 23,
  es: 24,
  fs: 25,
  gs: 26,
} as const;

/** Name of a register of {@link REG}. */
export type RegisterName = keyof typeof REG;

/** Bytes of user_regs_struct: 27 × 8. */
export const REGS_SIZE = 216;

/** siginfo_t. Source: asm-generic/siginfo.h; the union begins at 16. */
export const SIGINFO = {
  size: 128,
  si_signo: 0,
  si_errno: 4,
  si_code: 8,
  /** kill, sigqueue, SIGCHLD. */
  si_pid: 16,
  si_uid: 20,
  /** sigqueue: union sigval. */
  si_value: 24,
  /** SIGCHLD. */
  si_status: 24,
  si_utime: 32,
  si_stime: 40,
  /** POSIX timers. */
  si_timerid: 16,
  si_overrun: 20,
  /** Faults and traps. */
  si_addr: 16,
  /** SIGIO. */
  si_band: 16,
  si_fd: 24,
  /** SIGSYS. */
  si_call_addr: 16,
  si_syscall: 24,
  si_arch: 28,
} as const;

/** struct sigaction as rt_sigaction takes it. Source: asm/signal.h. */
export const KERNEL_SIGACTION = { size: 32, handler: 0, flags: 8, restorer: 16, mask: 24 } as const;

/** struct iovec. Source: linux/uio.h. */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

/** struct timeval. Source: linux/time.h (two longs). */
export const TIMEVAL = { size: 16, sec: 0, usec: 8 } as const;

/** struct itimerval: two timevals. Source: linux/time.h. */
export const ITIMERVAL = { size: 32, interval: 0, value: 16 } as const;

/** struct timespec. Source: linux/time.h. */
export const TIMESPEC = { size: 16, sec: 0, nsec: 8 } as const;

/** stack_t, the argument of sigaltstack. Source: asm/signal.h. */
export const STACK_T = { size: 24, sp: 0, flags: 8, length: 16 } as const;

/** struct ucontext on the stack of a signal handler. Source: asm-generic/ucontext.h, asm/sigcontext.h. */
export const UCONTEXT = {
  /** With the eight bytes of the kernel's sigset. */
  size: 304,
  flags: 0,
  link: 8,
  stack: 16,
  r8: 40,
  r9: 48,
  r10: 56,
  r11: 64,
  r12: 72,
  r13: 80,
  r14: 88,
  r15: 96,
  rdi: 104,
  rsi: 112,
  rbp: 120,
  rbx: 128,
  rdx: 136,
  rax: 144,
  rcx: 152,
  rsp: 160,
  rip: 168,
  eflags: 176,
  /** cs, gs, fs, ss, 16 bits each. */
  selectors: 184,
  error: 192,
  trap: 200,
  cr2: 216,
  fpstate: 224,
  sigmask: 296,
} as const;

/** struct pollfd: int fd, short events, short revents. Source: asm-generic/poll.h. */
export const POLLFD = { size: 8, events: 4, revents: 6 } as const;
