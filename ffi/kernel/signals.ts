/** Signals by number and by name, and the constants of their actions. */

/** Name → number. Source: asm/signal.h (x86-64). Real-time signals are 32…64. */
export const SIG = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** Name of a signal. */
export type SignalName = keyof typeof SIG;

/** First and last real-time signal of the kernel (glibc keeps 32 and 33 for itself). */
export const SIGRT = { MIN: 32, MAX: 64 } as const;

const NAMES = new Map<number, string>(Object.entries(SIG).map(([name, number]) => [number, name]));

/**
 * Name of a signal: `SIGSEGV`, `SIGRTMIN+3` counted from 32 as the kernel does, `signal_99` if there is none.
 *
 * @param signal Number, without the 0x80 of a system-call stop.
 */
export function signalName(signal: number): string {
  if (signal >= SIGRT.MIN && signal <= SIGRT.MAX) {
    return signal === SIGRT.MIN ? "SIGRTMIN" : `SIGRTMIN+${signal - SIGRT.MIN}`;
  }
  return NAMES.get(signal) ?? `signal_${signal}`;
}

/** Flags of an action. Source: asm/signal.h and asm-generic/signal-defs.h. */
export const SA = {
  NOCLDSTOP: 1,
  NOCLDWAIT: 2,
  SIGINFO: 4,
  UNSUPPORTED: 0x400,
  EXPOSE_TAGBITS: 0x800,
  RESTORER: 0x0400_0000,
  ONSTACK: 0x0800_0000,
  RESTART: 0x1000_0000,
  NODEFER: 0x4000_0000,
  RESETHAND: 0x8000_0000,
} as const;

/** Handlers that are not functions. Source: asm-generic/signal-defs.h. */
export const SIG_DFL = 0;
/** The signal is ignored, which survives execve. */
export const SIG_IGN = 1;

/** `how` of rt_sigprocmask. Source: asm-generic/signal-defs.h. */
export const SIG_HOW = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const;

/** si_code of a descriptor's signal (asm-generic/siginfo.h), first and last. */
export const POLL = { IN: 1, HUP: 6 } as const;

/** Where a siginfo comes from: si_code. Source: asm-generic/siginfo.h. */
export const SI = {
  USER: 0,
  KERNEL: 0x80,
  QUEUE: -1,
  TIMER: -2,
  MESGQ: -3,
  ASYNCIO: -4,
  SIGIO: -5,
  TKILL: -6,
} as const;

/** si_code of SIGTRAP. Source: asm-generic/siginfo.h. */
export const TRAP = { BRKPT: 1, TRACE: 2, BRANCH: 3, HWBKPT: 4, UNK: 5, PERF: 6 } as const;

/** si_code of SIGSEGV. Source: asm-generic/siginfo.h. */
export const SEGV = { MAPERR: 1, ACCERR: 2, BNDERR: 3, PKUERR: 4 } as const;

/** Bytes of a kernel sigset, the last argument of every rt_sig call. Source: asm/signal.h, _NSIG / 8. */
export const SIGSET_SIZE = 8;

/** Bit of a signal in a kernel sigset. */
export function signalBit(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}
