/**
 * What a replayed process may ask of its kernel: a filter of system calls (seccomp) as a list of what is allowed.
 *
 * A trace may come from anyone, and so may the code that is run from it. That code runs translated, and its system calls
 * stop for the tracer and are not done (PTRACE_SYSEMU comes before filters: syscall_trace_enter in kernel/entry/common.c of
 * Linux 6.18). What the kernel does for a replayed process is what the tracer makes it do in order to rebuild its tasks
 * and its memory. The filter holds should anything of that go wrong: whatever else a process asks for kills it.
 *
 * Sources: seccomp(2); struct seccomp_data of linux/seccomp.h; linux/bpf_common.h.
 */
import { CLONE, MAP, PROT, SYSCALLS } from "../../ffi/mod.ts";

/** AUDIT_ARCH_X86_64 (linux/audit.h): EM_X86_64, 64-bit, little-endian. */
const ARCH = 0xc000_003e;

/** SECCOMP_RET_ALLOW and SECCOMP_RET_KILL_PROCESS. */
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;

/** Offsets in struct seccomp_data; an argument's low half comes first. */
const DATA = { number: 0, arch: 4, arguments: 16 } as const;

/** Instructions: code, and then where true and false lead to, counted from the next instruction, and a constant. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number];
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

/** Bytes of struct sock_filter. */
const INSTRUCTION_BYTES = 8;

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
    { number: SYSCALLS.exit },
    { number: SYSCALLS.rt_sigreturn },
    { number: SYSCALLS.recvmsg, checks: [{ argument: 0, isOneOf: [channel] }] },
    { number: SYSCALLS.close },
  ];
}

/** A check as instructions that go on behind themselves where it holds; `fail` leads elsewhere. */
function compileCheck(check: Check, failAt: (at: number) => number, from: number): Instruction[] {
  const low = DATA.arguments + 8 * check.argument;
  const code: Instruction[] = [];
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
function compileRule({ number, checks = [] }: Rule): Instruction[] {
  const compile = (length: number): Instruction[] => {
    const failAt = (at: number): number => length - at - 1;
    const code: Instruction[] = [
      [LOAD, 0, 0, DATA.number],
      [JUMP_EQUAL, 0, failAt(1), number],
    ];
    for (const check of checks) code.push(...compileCheck(check, failAt, code.length));
    code.push([RETURN, 0, 0, ALLOW]);
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
  const program: Instruction[] = [
    [LOAD, 0, 0, DATA.arch],
    [JUMP_EQUAL, 1, 0, ARCH],
    [RETURN, 0, 0, KILL],
    ...rules(channel).flatMap(compileRule),
    [RETURN, 0, 0, KILL],
  ];
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, ifTrue, ifFalse, constant]] of program.entries()) {
    const at = i * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, constant >>> 0, true);
  }
  return bytes;
}

/** Instructions of a filter. */
export function instructionsOf(filter: Uint8Array): number {
  return filter.length / INSTRUCTION_BYTES;
}
