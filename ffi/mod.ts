/**
 * ffi: everything that tickproof asks of the kernel and of the processor directly. No other folder calls
 * dlopen or `bun:ffi`, and none sees an error number that is not named.
 *
 * Obligations of a user: ptrace works from the thread that spawned the tracee only; addresses that go to the
 * kernel come from a {@link NativeBuffer}, never from `ptr()` of an array.
 */

export { currentCpu, getAffinity, setAffinity, yieldProcessor } from "./affinity.ts";
export { NativeBuffer } from "./buffer.ts";
export {
  type CpuFeatures,
  type CpuidResult,
  cpuFeatures,
  cpuid,
  rdrand,
  rdseed,
  rdtsc,
  rdtscp,
  xgetbv,
} from "./cpu.ts";
export { DescriptorChannel, type ReceiveCall } from "./descriptor_channel.ts";
export { emptyCall } from "./empty_call.ts";
export { ERRNO, type Errno, type ErrnoCode, errnoInfo } from "./errno.ts";
export { isErrno, SyscallError, unwrap } from "./error.ts";
export {
  cloneFile,
  close,
  copyFileRange,
  ftruncate,
  isTerminal,
  kcmp,
  memfdCreate,
  nextData,
  nextHole,
  open,
  openAt,
  pread,
  preadAt,
  pwrite,
  pwriteAt,
  terminalColumns,
} from "./files.ts";
export { type ChildEnd, HeldChild } from "./held_child.ts";
export {
  clearInterrupt,
  installInterrupts,
  interruptCount,
  isIgnored,
  pendingInterrupt,
  restoreDefault,
  setTimer,
  unblockSignals,
  wasIgnored,
} from "./interrupt.ts";
export { readKernelLog } from "./kernel_log.ts";
export { openLibrary, type Signature } from "./library.ts";
export { encodeListing, type Listing, parseListing } from "./listing.ts";
export { acceptClient, isReadable, type Listener, listenOnLoopback } from "./loopback.ts";
export { type MapOptions, mmap, mprotect, munmap } from "./mapping.ts";
export { openMemory, TraceeMemory } from "./memory.ts";
export { AT_FDCWD, MADV, MAP, MFD, MREMAP, O, PROT } from "./mman.ts";
export { SYSCALLS, type SyscallName, syscallName } from "./numbers.ts";
export * from "./perf/mod.ts";
export { NotifyingPipe, PacketPipe } from "./pipe.ts";
export { ARCH, AT, CLONE, KCMP, PERSONALITY, WAIT, WAIT_ID } from "./process.ts";
export { processVmRead, processVmWrite } from "./process_vm.ts";
export {
  detach,
  getEventMessage,
  getRegSet,
  getRegs,
  getSigInfo,
  getSigMask,
  kill,
  peekUser,
  pokeUser,
  ptrace,
  setOptions,
  setRegSet,
  setRegs,
  setSigInfo,
  setSigMask,
  tgkill,
} from "./ptrace.ts";
export { NT, PTRACE, PTRACE_EVENT, PTRACE_O } from "./ptrace_constants.ts";
export { rawSyscall } from "./raw.ts";
export { retry } from "./retry.ts";
export { SHM, SharedSegment } from "./shared_segment.ts";
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
export { spawnTraced } from "./spawn.ts";
export type { SpawnOptions } from "./spawn_block.ts";
export { START_VARIABLE, type StartState, startState } from "./start_state.ts";
export {
  IOVEC,
  ITIMERVAL,
  KERNEL_SIGACTION,
  REG,
  REGS_SIZE,
  type RegisterName,
  SIGINFO,
  STACK_T,
  TIMESPEC,
  TIMEVAL,
  UCONTEXT,
} from "./structs.ts";
export { didYouMean, nearest } from "./suggest.ts";
export { REGS_NOT_READ, TraceeControl } from "./tracee_control.ts";
export { type ResourceUsage, resourceUsage } from "./usage.ts";
export { oneLine, visibleJson, visibleLines } from "./visible.ts";
export { SYSCALL_STOP, type WaitStatus, waitStatus } from "./wait_status.ts";
export { fromBytes, ownArguments, ownEnvironment, toBytes } from "./words.ts";
export { writeNow, writeSome } from "./write.ts";
