/** Constants of ptrace. Source of all: linux/ptrace.h and asm/ptrace-abi.h; meaning: ptrace(2). */

/** Requests. */
export const PTRACE = {
  TRACEME: 0,
  PEEKTEXT: 1,
  PEEKDATA: 2,
  PEEKUSER: 3,
  POKETEXT: 4,
  POKEDATA: 5,
  POKEUSER: 6,
  CONT: 7,
  KILL: 8,
  SINGLESTEP: 9,
  GETREGS: 12,
  SETREGS: 13,
  GETFPREGS: 14,
  SETFPREGS: 15,
  ATTACH: 16,
  DETACH: 17,
  GETFPXREGS: 18,
  SETFPXREGS: 19,
  OLDSETOPTIONS: 21,
  SYSCALL: 24,
  GET_THREAD_AREA: 25,
  SET_THREAD_AREA: 26,
  ARCH_PRCTL: 30,
  SYSEMU: 31,
  SYSEMU_SINGLESTEP: 32,
  SINGLEBLOCK: 33,
  SETOPTIONS: 0x4200,
  GETEVENTMSG: 0x4201,
  GETSIGINFO: 0x4202,
  SETSIGINFO: 0x4203,
  GETREGSET: 0x4204,
  SETREGSET: 0x4205,
  SEIZE: 0x4206,
  INTERRUPT: 0x4207,
  LISTEN: 0x4208,
  PEEKSIGINFO: 0x4209,
  GETSIGMASK: 0x420a,
  SETSIGMASK: 0x420b,
  SECCOMP_GET_FILTER: 0x420c,
  SECCOMP_GET_METADATA: 0x420d,
  GET_SYSCALL_INFO: 0x420e,
  GET_RSEQ_CONFIGURATION: 0x420f,
} as const;

/** Events: `status >> 16` of a stop. */
export const PTRACE_EVENT = {
  FORK: 1,
  VFORK: 2,
  CLONE: 3,
  EXEC: 4,
  VFORK_DONE: 5,
  EXIT: 6,
  SECCOMP: 7,
  STOP: 128,
} as const;

/** Options of SETOPTIONS, to be joined with `|`. */
export const PTRACE_O = {
  TRACESYSGOOD: 1,
  TRACEFORK: 1 << PTRACE_EVENT.FORK,
  TRACEVFORK: 1 << PTRACE_EVENT.VFORK,
  TRACECLONE: 1 << PTRACE_EVENT.CLONE,
  TRACEEXEC: 1 << PTRACE_EVENT.EXEC,
  TRACEVFORKDONE: 1 << PTRACE_EVENT.VFORK_DONE,
  TRACEEXIT: 1 << PTRACE_EVENT.EXIT,
  TRACESECCOMP: 1 << PTRACE_EVENT.SECCOMP,
  /** The kernel kills the tracee when the tracer dies, however it dies. */
  EXITKILL: 1 << 20,
  SUSPEND_SECCOMP: 1 << 21,
} as const;

/** Register sets of GETREGSET. Source: linux/elf.h; X86_SHSTK is not in the 6.1 headers that the rest was compared with. */
export const NT = {
  PRSTATUS: 1,
  PRFPREG: 2,
  X86_IOPERM: 0x201,
  X86_XSTATE: 0x202,
  X86_SHSTK: 0x204,
} as const;
