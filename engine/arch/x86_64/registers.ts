/**
 * Registers in two orders: the kernel's `user_regs_struct`, as ptrace moves it, and the trace's, which holds
 * what the program can see.
 */
import { REG } from "../../../ffi/mod.ts";

/** What this folder is about, as traces name it. */
export const ARCH_NAME = "x86_64";

/**
 * General registers of a tracee as the program sees them, in the order of {@link REGISTER_NAMES}.
 * `rip` is always an app pc (an address in the program's own text), never a place in the code cache.
 */
export type Registers = BigUint64Array;

/** Order of the values in {@link Registers}. */
export const REGISTER_NAMES = [
  "rax",
  "rbx",
  "rcx",
  "rdx",
  "rsi",
  "rdi",
  "rbp",
  "rsp",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
  "rip",
  "eflags",
  "fs_base",
  "gs_base",
] as const;

/** How many values {@link Registers} holds. */
export const REGISTER_COUNT = REGISTER_NAMES.length;

/** Index in user_regs_struct of each of REGISTER_NAMES. */
const KERNEL_INDEX = REGISTER_NAMES.map((name) => REG[name]);

/** Bits of RFLAGS that an x86 program computes with: CF PF AF ZF SF DF OF (Intel SDM vol. 1, 3.4.3). */
export const COMPUTED_FLAGS = 0xcd5n;

/** RFLAGS.RF: an instruction is interrupted, and no debug exception is due when it goes on (Intel SDM vol. 3, 17.3.1.1). */
export const RESUME_FLAG = 0x10000n;
/** RFLAGS.TF: a debug exception comes behind each instruction. The kernel shows it where the program has set it, not a tracer. */
export const TRAP_FLAG = 0x100n;

/** Selectors of the 64-bit code and data segments of programs (__USER_CS, __USER_DS in asm/segment.h). */
export const USER_CS = 0x33n;
const USER_DS = 0x2bn;
/** Selector of the code segment of 32-bit programs (__USER32_CS). */
export const USER32_CS = 0x23n;

/** Puts the segments into the kernel's structure that a signal handler begins with, whatever the program had. */
export function setHandlerSegments(kernel: BigUint64Array): void {
  kernel[REG.cs] = USER_CS;
  kernel[REG.ss] = USER_DS;
}

/** The program's view of a stopped task's registers, with the app pc in place of the cache pc. */
export function toRegisters(kernel: BigUint64Array, pc: number): Registers {
  const registers = new BigUint64Array(REGISTER_COUNT);
  for (let i = 0; i < REGISTER_COUNT; i++) registers[i] = kernel[KERNEL_INDEX[i]!]!;
  registers[RIP] = BigInt(pc);
  registers[EFLAGS] = registers[EFLAGS]! & ~RESUME_FLAG;
  return registers;
}

/** Puts the program's registers into the kernel's structure, all but `rip`. */
export function intoKernel(registers: Registers, kernel: BigUint64Array): void {
  for (let i = 0; i < REGISTER_COUNT; i++) if (i !== RIP) kernel[KERNEL_INDEX[i]!] = registers[i]!;
}

/** The pc in registers: an app pc as a rule. */
export function pcOf(registers: Registers): bigint {
  return registers[RIP]!;
}

/** Sets the pc in registers. */
export function setPc(registers: Registers, pc: bigint): void {
  registers[RIP] = pc;
}

/** Registers with their names, in order. */
export function namedRegisters(registers: Registers): [name: string, value: bigint][] {
  return REGISTER_NAMES.map((name, i) => [name, registers[i]!]);
}

/** The registers that differ, all but the pc, with their new values. */
export function changedRegisters(before: Registers, after: Registers): [name: string, value: bigint][] {
  return namedRegisters(after).filter(([, value], i) => i !== RIP && value !== before[i]);
}

/** The stack pointer in registers. */
export function stackPointerOf(registers: Registers): bigint {
  return registers[RSP]!;
}

/** AF is compared nowhere: after some instructions it is undefined, and no 64-bit instruction reads it. */
const COMPARED_FLAGS = COMPUTED_FLAGS & ~0x10n;

/** The bits of register `i` in which a replay has to agree with its recording. */
export function comparedBits(i: number): bigint {
  return i === EFLAGS ? COMPARED_FLAGS : 0xffff_ffff_ffff_ffffn;
}

const index = (name: (typeof REGISTER_NAMES)[number]): number => REGISTER_NAMES.indexOf(name);
/** Indices in {@link Registers}. */
export const RAX = index("rax");
export const RBX = index("rbx");
export const RCX = index("rcx");
export const RDX = index("rdx");
export const RSI = index("rsi");
export const RDI = index("rdi");
export const RSP = index("rsp");
export const RIP = index("rip");
export const FS_BASE = index("fs_base");
export const EFLAGS = index("eflags");
