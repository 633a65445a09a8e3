/**
 * What a replayed process may ask of its kernel: a filter of system calls (seccomp) as a list of what is allowed.
 *
 * A trace may come from anyone, and so may the code that is run from it. That code runs translated, and its system calls
 * stop for the tracer and are not done (PTRACE_SYSEMU comes before filters: syscall_trace_enter in kernel/entry/common.c of
 * Linux 6.18). What the kernel does for a replayed process is what the tracer makes it do in order to rebuild its tasks
 * and its memory. The filter holds should anything of that go wrong: whatever else a process asks for kills it.
 */
import { CLONE, MAP, PROT, SYSCALLS } from "../../ffi/mod.ts";
import {
  ARCH_X86_64,
  encodeFilter,
  FILTER_DATA,
  type FilterInstruction,
  OPCODE,
  VERDICT,
} from "../tracee/syscall-filter.ts";

const LOAD = OPCODE.load;
const AND = OPCODE.and;
const JUMP_EQUAL = OPCODE.jumpEqual;
const JUMP_SET = OPCODE.jumpSet;
const RETURN = OPCODE.return;

/** What an argument must be; 64 bits of it are looked at, and no value is larger than 32. */
type Check = { argument: number } & (
  | { isOneOf: readonly number[] }
  /** No bits but these. */
  | { within: number }
  /** These bits alone are looked at. */
  | { masked: number; equals: number }
);

/** A call that is allowed where all checks hold. */
interface Rule {
  number: number;
  checks?: readonly Check[];
}

/**
 * Advice that changes what a program finds in its memory, so that it is given for real (asm-generic/mman-common.h):
 * DONTNEED, REMOVE, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, DONTNEED_LOCKED, GUARD_INSTALL, GUARD_REMOVE; and
 * POPULATE_WRITE, by which private pages cease to follow their file.
 */
export const EFFECTIVE_ADVICE: readonly number[] = [4, 9, 10, 11, 18, 19, 23, 24, 102, 103];

/** Functions of modify_ldt that give a process a segment; the kernel lets none be one of 64-bit code (fill_ldt of asm/desc.h). */
export const SEGMENT_WRITES: readonly number[] = [1, 0x11];

/** What tasks of a replay share as they did in the recording; everything else that clone does is not done. */
export const SHARED_BY_CLONE: number =
  CLONE.VM | CLONE.FS | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD | CLONE.SYSVSEM;

/** PROT_READ, PROT_WRITE, and what a stack's protection says besides. */
const DATA_PROTECTION = PROT.READ | PROT.WRITE | PROT.GROWSDOWN;

/** @param channel Descriptor that further ones are received by. */
function rules(channel: number): Rule[] {
  return [
    { number: SYSCALLS.mmap, checks: [{ argument: 2, within: PROT.READ | PROT.WRITE }] },
    // The code cache, of which a process has a descriptor for reading only.
    {
      number: SYSCALLS.mmap,
      checks: [
        { argument: 2, isOneOf: [PROT.READ | PROT.EXEC] },
        { argument: 3, masked: MAP.TYPE, equals: MAP.SHARED },
      ],
    },
    { number: SYSCALLS.munmap },
    { number: SYSCALLS.mremap },
    { number: SYSCALLS.remap_file_pages },
    { number: SYSCALLS.mprotect, checks: [{ argument: 2, within: DATA_PROTECTION }] },
    { number: SYSCALLS.madvise, checks: [{ argument: 2, isOneOf: EFFECTIVE_ADVICE }] },
    { number: SYSCALLS.clone, checks: [{ argument: 0, within: SHARED_BY_CLONE }] },
    { number: SYSCALLS.modify_ldt, checks: [{ argument: 0, isOneOf: SEGMENT_WRITES }] },
    { number: SYSCALLS.exit },
    { number: SYSCALLS.rt_sigreturn },
    { number: SYSCALLS.recvmsg, checks: [{ argument: 0, isOneOf: [channel] }] },
    { number: SYSCALLS.close },
  ];
}

/** A check as instructions that go on behind themselves where it holds; `fail` leads elsewhere. */
function compileCheck(check: Check, failAt: (at: number) => number, from: number): FilterInstruction[] {
  const low = FILTER_DATA.arguments + 8 * check.argument;
  const code: FilterInstruction[] = [];
  const emit = (
    ...parts: readonly [code: number, ifTrue: boolean, ifFalse: boolean, constant: number]
  ): void => {
    const [operation, onTrue, onFalse, constant] = parts;
    const away = failAt(from + code.length);
    code.push([operation, onTrue ? 0 : away, onFalse ? 0 : away, constant]);
  };
  if (!("masked" in check)) {
    code.push([LOAD, 0, 0, low + 4]);
    emit(JUMP_EQUAL, true, false, 0);
  }
  code.push([LOAD, 0, 0, low]);
  if ("within" in check) {
    emit(JUMP_SET, false, true, ~check.within >>> 0);
  } else if ("masked" in check) {
    code.push([AND, 0, 0, check.masked]);
    emit(JUMP_EQUAL, true, false, check.equals);
  } else {
    check.isOneOf.forEach((value, i) => {
      const left = check.isOneOf.length - 1 - i;
      // The last one that differs fails; one that is equal skips the rest.
      if (left === 0) emit(JUMP_EQUAL, true, false, value);
      else code.push([JUMP_EQUAL, left, 0, value]);
    });
  }
  return code;
}

/** Instructions of a rule: allows, or falls through to the next rule. */
function compileRule({ number, checks = [] }: Rule): FilterInstruction[] {
  const compile = (length: number): FilterInstruction[] => {
    const failAt = (at: number): number => length - at - 1;
    const code: FilterInstruction[] = [
      [LOAD, 0, 0, FILTER_DATA.number],
      [JUMP_EQUAL, 0, failAt(1), number],
    ];
    for (const check of checks) code.push(...compileCheck(check, failAt, code.length));
    code.push([RETURN, 0, 0, VERDICT.allow]);
    return code;
  };
  // Once to learn how long it is, which no jump changes.
  return compile(compile(0).length);
}

/**
 * The filter as the kernel takes it: an array of struct sock_filter.
 *
 * @param channel Descriptor that further ones are received by.
 */
export function callFilter(channel: number): Uint8Array {
  const program: FilterInstruction[] = [
    [LOAD, 0, 0, FILTER_DATA.arch],
    [JUMP_EQUAL, 1, 0, ARCH_X86_64],
    [RETURN, 0, 0, VERDICT.kill],
    ...rules(channel).flatMap(compileRule),
    [RETURN, 0, 0, VERDICT.kill],
  ];
  return encodeFilter(program);
}
