/** Replays under the eyes of the kernel: which system calls the replayed processes have really made. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert } from "@std/assert";
import { SYSCALLS, syscallName } from "../../ffi/mod.ts";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { type Ended, run, TICKPROOF } from "../_tickproof.ts";

/** Compiles a program of this folder. */
export async function compiled(name: string, cache: string): Promise<string> {
  const program = await compile(resolve(import.meta.dir, name), findCompiler(), { root: cache });
  assert(program.ok, program.ok ? "" : program.message);
  return program.path;
}

/** A system call that a replayed process has made. */
export interface ObservedCall {
  process: number;
  number: number;
  /** Arguments 0, 2 and 3. */
  first: bigint;
  third: bigint;
  fourth: bigint;
}

/** Runs a command; what others than its own process ask the kernel for is observed. */
export function observe(observer: string, command: readonly string[]): Ended & { calls: ObservedCall[] } {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-observed-"));
  try {
    const log = join(folder, "log");
    const ended = run([observer, log, ...command]);
    const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
    const calls = lines.map((line) => {
      const [process = 0, number = 0, ...args] = line.split(" ").map((word) => BigInt(word));
      const [first = 0n, third = 0n, fourth = 0n] = args;
      return { process: Number(process), number: Number(number), first, third, fourth };
    });
    return { ...ended, calls };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replays a trace; see {@link observe}. */
export function observeReplay(observer: string, trace: string): Ended & { calls: ObservedCall[] } {
  return observe(observer, [...TICKPROOF, "replay", trace]);
}

/** What a replayed process does until it is confined: the birth of every traced child, and the filter. */
const BIRTH: ReadonlySet<number> = new Set([
  SYSCALLS.ptrace,
  SYSCALLS.personality,
  SYSCALLS.rt_sigaction,
  SYSCALLS.rt_sigprocmask,
  SYSCALLS.execve,
  SYSCALLS.close_range,
  SYSCALLS.prctl,
  SYSCALLS.seccomp,
]);

const PROT_EXEC = 4n;
const PROT_WRITE = 2n;
/** CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
const SHARED = 0x5_0f00n;

/** Calls of a confined process that are harmless whatever their arguments. */
const HARMLESS: ReadonlySet<number> = new Set([
  SYSCALLS.munmap,
  SYSCALLS.mremap,
  SYSCALLS.madvise,
  SYSCALLS.remap_file_pages,
  SYSCALLS.exit,
  SYSCALLS.rt_sigreturn,
  SYSCALLS.recvmsg,
  SYSCALLS.close,
]);

function isConfined({ number, first, third }: ObservedCall): boolean {
  switch (number) {
    case SYSCALLS.mmap:
      return (third & PROT_EXEC) === 0n || (third & PROT_WRITE) === 0n;
    case SYSCALLS.mprotect:
      return (third & PROT_EXEC) === 0n;
    case SYSCALLS.clone:
      return (first & ~SHARED) === 0n;
    default:
      return HARMLESS.has(number);
  }
}

/** The calls that a replay must not make, in words. */
export function reachingOut(calls: readonly ObservedCall[]): string[] {
  const unborn = new Set(
    calls.filter(({ number }) => number === SYSCALLS.ptrace).map(({ process }) => process),
  );
  const wrong: string[] = [];
  for (const call of calls) {
    const { process, number } = call;
    const allowed = unborn.has(process) ? BIRTH.has(number) : isConfined(call);
    if (!allowed) wrong.push(`${syscallName(number)}(0x${call.first.toString(16)}, …) of process ${process}`);
    if (number === SYSCALLS.seccomp) unborn.delete(process);
  }
  return wrong;
}
