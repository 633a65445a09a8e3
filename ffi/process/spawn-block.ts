/**
 * What a child is born from: the parameter block of `stubs/spawn.ts`, with the memory that it needs until it executes
 * its program. What the program inherits is decided here: default dispositions, except that what our caller ignores
 * (nohup) stays ignored.
 */

import {
  CLONE,
  ERRNO,
  nativeFunction,
  retry,
  SIG,
  SIG_DFL,
  SIG_IGN,
  SIGRT,
  SIGSET_SIZE,
  SYSCALLS,
  SyscallError,
  signalBit,
  unwrap,
  WORD,
} from "../kernel/mod.ts";
import { loadCode, NativeBuffer, scratch } from "../memory/mod.ts";
import { SPAWN_LISTING } from "../stubs/spawn.ts";
import { wasIgnored } from "./interrupt.ts";
import { startState } from "./start-state.ts";
import { type StringVectors, stringVectors } from "./string-vector.ts";

/** Offsets in the block, in bytes; `stubs/spawn.ts` uses the same. */
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
  cloneFlags: 0x70,
  held: 0x74,
  go: 0x78,
  size: 0x80,
} as const;

const STACK_SIZE = 16384;
const STEPS = ["clone", "ptrace", "personality", "rt_sigaction", "rt_sigprocmask", "execve"] as const;
const ALL_SIGNALS = 0xffff_ffff_ffff_ffffn;
const FUTEX_WAKE_PRIVATE = 0x81; // linux/futex.h: FUTEX_WAKE | FUTEX_PRIVATE_FLAG

let stub: ((block: number) => number) | undefined;

/** A program to run. */
export interface SpawnOptions {
  /** File to execute; PATH is not searched. */
  readonly path: string;
  /** Arguments, the program's own name first. */
  readonly argv: readonly string[];
  /** Environment, as `NAME=value`. */
  readonly env: readonly string[];
  /** Whether it gets the descriptors, the mask and the limit that this process was started with. @default false */
  readonly inherits?: boolean;
}

/** How a child begins: stopped under ptrace at its first instruction, or held before it executes its program. */
export type SpawnKind = "traced" | "held";

/** Which signals the child sets to SIG_DFL and which to SIG_IGN; the others stay as execve leaves them. */
function dispositions(): { defaulted: bigint; ignored: bigint } {
  const { ignored: inherited } = startState();
  let defaulted = 0n;
  let ignored = 0n;
  for (let signal = 1; signal <= SIGRT.MAX; signal++) {
    if (signal === SIG.SIGKILL || signal === SIG.SIGSTOP) continue;
    unwrap("rt_sigaction", retry(SYSCALLS.rt_sigaction, signal, 0, scratch.address, SIGSET_SIZE));
    const handler = Number(scratch.u64[0]);
    // Bun itself ignores these two at its start.
    const byBun =
      (signal === SIG.SIGPIPE || signal === SIG.SIGXFSZ) && (inherited & signalBit(signal)) === 0n;
    if (wasIgnored(signal)) ignored |= signalBit(signal);
    else if (handler === SIG_IGN ? byBun : handler !== SIG_DFL) defaulted |= signalBit(signal);
  }
  return { defaulted, ignored };
}

/** Memory of one child, from before its birth until it has executed its program or is dead. */
export class SpawnBlock implements Disposable {
  readonly #path: string;
  readonly #block = NativeBuffer.map(BLOCK.size);
  readonly #stack = NativeBuffer.map(STACK_SIZE);
  readonly #strings: StringVectors;

  /** @throws RangeError for a string that contains NUL. */
  constructor({ path, argv, env }: SpawnOptions, kind: SpawnKind) {
    this.#path = path;
    this.#strings = stringVectors([[path], argv, env]);
    const { addresses, buffer } = this.#strings;
    const [pathVector = 0, argvAddress = 0, envAddress = 0] = addresses;
    const { defaulted, ignored } = dispositions();
    const { view } = this.#block;
    const set = (offset: number, value: bigint) => view.setBigUint64(offset, value, true);
    set(BLOCK.path, buffer.u64[(pathVector - buffer.address) / 8]!);
    set(BLOCK.argv, BigInt(argvAddress));
    set(BLOCK.envp, BigInt(envAddress));
    set(BLOCK.stackTop, BigInt(this.#stack.address + STACK_SIZE));
    set(BLOCK.defaulted, defaulted);
    set(BLOCK.ignored, ignored);
    set(BLOCK.allSignals, ALL_SIGNALS);
    // A tracee is stopped by SIGTRAP at its exec, and gets its mask then.
    set(BLOCK.execMask, kind === "traced" ? ALL_SIGNALS & ~signalBit(SIG.SIGTRAP) : 0n);
    const wait = kind === "traced" ? CLONE.VFORK : 0;
    view.setUint32(BLOCK.cloneFlags, CLONE.VM | wait | SIG.SIGCHLD, true);
    view.setUint32(BLOCK.held, kind === "held" ? 1 : 0, true);
  }

  /** Makes the child. A traced one has executed its program then, or is dead: see {@link failure}. */
  spawn(): number {
    stub ??= nativeFunction<(block: number) => number>(loadCode(SPAWN_LISTING)("spawn_stub"), [WORD], "i32");
    return unwrap("clone", stub(this.#block.address));
  }

  /** Lets a held child go. */
  release(): void {
    const go = this.#block.address + BLOCK.go;
    Atomics.store(this.#block.i32, BLOCK.go / 4, 1);
    unwrap("futex", retry(SYSCALLS.futex, go, FUTEX_WAKE_PRIVATE, 1));
  }

  /** Why the child died before it had executed its program; undefined if it did not. */
  get failure(): SyscallError | undefined {
    const { view } = this.#block;
    const errno = view.getInt32(BLOCK.errno, true);
    if (errno === 0) return undefined;
    const step = STEPS[view.getInt32(BLOCK.step, true)]!;
    const name = step === "execve" ? `execve(${this.#path})` : step;
    return new SyscallError(name, errno, execRemedy(step, errno, this.#path));
  }

  /** Frees the memory; the child must not need it any more. */
  [Symbol.dispose](): void {
    this.#strings[Symbol.dispose]();
    this.#stack[Symbol.dispose]();
    this.#block[Symbol.dispose]();
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
