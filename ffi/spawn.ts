/**
 * Starting a tracee. fork() is not safe from JS, so a stub does it all: see `stubs/spawn.ts`.
 *
 * What the program inherits is made deterministic here: no address randomisation, no blocked signals, and
 * default dispositions, except that what the caller of the recorder ignores (nohup) stays ignored.
 */

import { ERRNO } from "./errno.ts";
import { SyscallError, unwrap } from "./error.ts";
import { SYSCALLS } from "./numbers.ts";
import { WAIT, WAIT_ID } from "./process.ts";
import { setOptions, setSigMask } from "./ptrace.ts";
import { PTRACE_O } from "./ptrace_constants.ts";
import { retry } from "./retry.ts";
import { scratch } from "./scratch.ts";
import { SpawnBlock, type SpawnOptions } from "./spawn_block.ts";

/**
 * Starts a program under ptrace and leaves it stopped by SIGTRAP before its first instruction. That stop is
 * still to be reaped: call `wait(pid, 0)` next, from this same thread, and then `setOptions`.
 *
 * EXITKILL is set already, and no signal is blocked.
 *
 * @returns The new process.
 * @throws SyscallError when a step fails; `syscall` names it (`execve(/no/such)`), `remedy` says what to do.
 */
export function spawnTraced(options: SpawnOptions): number {
  using block = new SpawnBlock(options, "traced");
  const pid = block.spawn();
  const { failure } = block;
  if (failure !== undefined) {
    retry(SYSCALLS.wait4, pid, 0, WAIT.ALL, 0);
    throw failure;
  }
  settle(pid);
  return pid;
}

/** At the exec stop, without reaping it: what can only be done from the outside. */
function settle(pid: number): void {
  const options = WAIT.STOPPED | WAIT.EXITED | WAIT.NOWAIT | WAIT.ALL;
  unwrap("waitid", retry(SYSCALLS.waitid, WAIT_ID.PID, pid, scratch.address, options, 0));
  try {
    setOptions(pid, PTRACE_O.EXITKILL);
    setSigMask(pid, 0n);
  } catch (error) {
    // Killed from outside meanwhile: the caller's wait says so.
    if (!(error instanceof SyscallError) || error.errno !== ERRNO.ESRCH) throw error;
  }
}
