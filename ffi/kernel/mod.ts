/** The kernel's interface: numbers and layouts by name, errors that say what was refused, and the call itself. */
export { syscallName32 } from "./calls-32.ts";
export { ERRNO, type Errno, type ErrnoCode, errnoInfo } from "./errno.ts";
export { isErrno, SyscallError, unwrap } from "./error.ts";
export { openLibrary, type Signature } from "./library.ts";
export { AT_FDCWD, MADV, MAP, MFD, MREMAP, O, PROT } from "./mman.ts";
export { ADDRESS, nativeFunction, viewMemory, WORD } from "./native.ts";
export { SYSCALLS, type SyscallName, syscallName } from "./numbers.ts";
export { ARCH, AT, CLONE, KCMP, PERSONALITY, WAIT, WAIT_ID } from "./process.ts";
export { rawSyscall } from "./raw.ts";
export { retry } from "./retry.ts";
export {
  POLL,
  SA,
  SEGV,
  SI,
  SIG,
  SIG_DFL,
  SIG_HOW,
  SIG_IGN,
  SIGRT,
  SIGSET_SIZE,
  type SignalName,
  signalBit,
  signalName,
  TRAP,
} from "./signals.ts";
export {
  IOVEC,
  ITIMERVAL,
  KERNEL_SIGACTION,
  POLLFD,
  REG,
  REGS_SIZE,
  type RegisterName,
  SIGINFO,
  STACK_T,
  TIMESPEC,
  TIMEVAL,
  UCONTEXT,
} from "./structs.ts";
