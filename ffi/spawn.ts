/**
 * Starting a tracee. fork() is not safe from JS, so a stub does it all: see `stubs/spawn.ts`.
 *
 * What the program inherits is made deterministic here: no address randomisation, no blocked signals, and
 * default dispositions, except that what the caller of the recorder ignores (nohup) stays ignored.
 */

import { NativeBuffer } from "./buffer.ts";
import { loadCode } from "./code.ts";
import { ERRNO } from "./errno.ts";
import { SyscallError, unwrap } from "./error.ts";
import { wasIgnored } from "./interrupt.ts";
import { nativeFunction, WORD } from "./native.ts";
import { SYSCALLS } from "./numbers.ts";
import { WAIT, WAIT_ID } from "./process.ts";
import { setOptions, setSigMask } from "./ptrace.ts";
import { PTRACE_O } from "./ptrace_constants.ts";
import { rawSyscall } from "./raw.ts";
import { retry } from "./retry.ts";
import { scratch } from "./scratch.ts";
import { SIG, SIG_DFL, SIG_IGN, SIGRT, SIGSET_SIZE, signalBit } from "./signals.ts";
import { stringVectors } from "./string_vector.ts";
import { SPAWN_LISTING } from "./stubs/spawn.ts";

/** Offsets in the parameter block, in bytes; `stubs/spawn.ts` uses the same. */
const BLOCK = {
  path: 0x00,
  argv: 0x08,
  envp: 0x10,
  stackTop: 0x18,
  defaulted: 0x20,
  ignored: 0x28,
  step: 0x30,
  errno: 0x34,
  allSignals: 0x40,
  execMask: 0x48,
  size: 0x70,
} as const;

const STACK_SIZE = 16384;
const STEPS = ["clone", "ptrace", "personality", "rt_sigaction", "rt_sigprocmask", "execve"] as const;
const ALL_SIGNALS = 0xffff_ffff_ffff_ffffn;

const callSpawn = nativeFunction<(block: number) => number>(
  loadCode(SPAWN_LISTING)("spawn_stub"),
  [WORD],
  "i32",
);

/** A program to run. */
export interface SpawnOptions {
  /** File to execute; PATH is not searched. */
  readonly path: string;
  /** Arguments, the program's own name first. */
  readonly argv: readonly string[];
  /** Environment, as `NAME=value`. */
  readonly env: readonly string[];
}

/** Which signals the child sets to SIG_DFL and which to SIG_IGN; the others stay as execve leaves them. */
function dispositions(): { defaulted: bigint; ignored: bigint } {
  let defaulted = 0n;
  let ignored = 0n;
  for (let signal = 1; signal <= SIGRT.MAX; signal++) {
    if (signal === SIG.SIGKILL || signal === SIG.SIGSTOP) continue;
    unwrap("rt_sigaction", rawSyscall(SYSCALLS.rt_sigaction, signal, 0, scratch.address, SIGSET_SIZE));
    const handler = Number(scratch.u64[0]);
    // Bun itself ignores these two at its start, so what its parent had is lost: the default is the better guess.
    const byBun = signal === SIG.SIGPIPE || signal === SIG.SIGXFSZ;
    if (wasIgnored(signal)) ignored |= signalBit(signal);
    else if (handler === SIG_IGN ? byBun : handler !== SIG_DFL) defaulted |= signalBit(signal);
  }
  return { defaulted, ignored };
}

/**
 * Starts a program under ptrace and leaves it stopped by SIGTRAP before its first instruction. That stop is
 * still to be reaped: call `wait(pid, 0)` next, from this same thread, and then `setOptions`.
 *
 * EXITKILL is set already, and no signal is blocked.
 *
 * @returns The new process.
 * @throws SyscallError when a step fails; `syscall` names it (`execve(/no/such)`), `remedy` says what to do.
 */
export function spawnTraced({ path, argv, env }: SpawnOptions): number {
  using block = NativeBuffer.map(BLOCK.size);
  using stack = NativeBuffer.map(STACK_SIZE);
  using strings = stringVectors([[path], argv, env]);
  const [pathVector, argvAddress, envAddress] = strings.addresses;
  const { defaulted, ignored } = dispositions();
  const set = (offset: number, value: bigint) => block.view.setBigUint64(offset, value, true);
  set(BLOCK.path, strings.buffer.u64[(pathVector - strings.buffer.address) / 8]);
  set(BLOCK.argv, BigInt(argvAddress));
  set(BLOCK.envp, BigInt(envAddress));
  set(BLOCK.stackTop, BigInt(stack.address + STACK_SIZE));
  set(BLOCK.defaulted, defaulted);
  set(BLOCK.ignored, ignored);
  set(BLOCK.allSignals, ALL_SIGNALS);
  set(BLOCK.execMask, ALL_SIGNALS & ~signalBit(SIG.SIGTRAP));

  const pid = unwrap("clone", callSpawn(block.address));
  const errno = block.view.getInt32(BLOCK.errno, true);
  if (errno !== 0) {
    retry(SYSCALLS.wait4, pid, 0, WAIT.ALL, 0);
    const step = STEPS[block.view.getInt32(BLOCK.step, true)];
    throw new SyscallError(
      step === "execve" ? `execve(${path})` : step,
      errno,
      execRemedy(step, errno, path),
    );
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

function execRemedy(step: string, errno: number, path: string): string | undefined {
  if (step !== "execve") return undefined;
  switch (errno) {
    case ERRNO.ENOENT:
      return `check the path; if ${path} exists, the interpreter named in its #! line or ELF header does not`;
    case ERRNO.EACCES:
      return `make it executable (chmod +x ${path}), and check its directories and a noexec mount`;
    case ERRNO.ENOEXEC:
      return "it is no program for this machine: a script needs a #! line, a binary must be x86-64";
    case ERRNO.E2BIG:
      return "arguments and environment together are too long: pass fewer, or raise the stack limit (ulimit -s)";
    case ERRNO.ETXTBSY:
      return "it is open for writing somewhere: wait until whoever builds it has closed it";
    default:
      return undefined;
  }
}
