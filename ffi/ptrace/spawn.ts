/**
 * Starting a tracee. fork() is not safe from JS, so a stub does it all: see `stubs/spawn.ts`.
 *
 * What the program inherits is made deterministic here: no address randomisation, no blocked signals, and
 * default dispositions, except that what the caller of the recorder ignores (nohup) stays ignored; or it is all that we
 * have inherited ourselves (`inherits`), but for the randomisation.
 */

import {
  ERRNO,
  retry,
  SIG,
  SYSCALLS,
  SyscallError,
  signalBit,
  unwrap,
  WAIT,
  WAIT_ID,
} from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";
import { SpawnBlock, type SpawnOptions, startState } from "../process/mod.ts";
import { setOptions, setSigMask } from "./ptrace.ts";
import { PTRACE_O } from "./ptrace-constants.ts";

/** Source: asm-generic/fcntl.h. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** Source: asm-generic/resource.h. */
const RLIMIT_NOFILE = 7;

/**
 * Starts a program under ptrace and leaves it stopped by SIGTRAP before its first instruction. That stop is
 * still to be reaped: call `wait(pid, 0)` next, from this same thread, and then `setOptions`.
 *
 * EXITKILL is set already, and SIGTRAP is not blocked.
 *
 * @returns The new process.
 * @throws SyscallError when a step fails; `syscall` names it (`execve(/no/such)`), `remedy` says what to do.
 */
export function spawnTraced(options: SpawnOptions): number {
  if (options.inherits) passDescriptors();
  using block = new SpawnBlock(options, "traced");
  const pid = block.spawn();
  const { failure } = block;
  if (failure !== undefined) {
    retry(SYSCALLS.wait4, pid, 0, WAIT.ALL, 0);
    throw failure;
  }
  settle(pid, options.inherits ?? false);
  return pid;
}

/** Lets the descriptors that we were given through an execve, and no standard stream that we were not given. */
function passDescriptors(): void {
  const { descriptors } = startState();
  for (const fd of new Set([0, 1, 2, ...descriptors])) {
    // One that was closed since is no loss to anybody.
    retry(SYSCALLS.fcntl, fd, F_SETFD, descriptors.has(fd) ? 0 : FD_CLOEXEC);
  }
}

/** Gives a stopped process the soft limit of open files that we had before Bun raised it. */
function passLimit(pid: number): void {
  const { openFiles } = startState();
  if (openFiles === undefined) return;
  unwrap("prlimit64", retry(SYSCALLS.prlimit64, pid, RLIMIT_NOFILE, 0, scratch.address));
  scratch.u64[0] = BigInt(openFiles);
  unwrap("prlimit64", retry(SYSCALLS.prlimit64, pid, RLIMIT_NOFILE, scratch.address, 0));
}

/** At the exec stop, without reaping it: what can only be done from the outside. */
function settle(pid: number, inherits: boolean): void {
  const options = WAIT.STOPPED | WAIT.EXITED | WAIT.NOWAIT | WAIT.ALL;
  unwrap("waitid", retry(SYSCALLS.waitid, WAIT_ID.PID, pid, scratch.address, options, 0));
  try {
    setOptions(pid, PTRACE_O.EXITKILL);
    // SIGTRAP is what a tracer lives by.
    setSigMask(pid, inherits ? startState().mask & ~signalBit(SIG.SIGTRAP) : 0n);
    if (inherits) passLimit(pid);
  } catch (error) {
    // Killed from outside meanwhile: the caller's wait says so.
    if (!(error instanceof SyscallError) || error.errno !== ERRNO.ESRCH) throw error;
  }
}
