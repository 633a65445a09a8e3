/** How programs make system calls (System V ABI, A.2.1): the number in rax, up to six arguments, the result in rax again. */
import { ARCH, REG, SYSCALLS } from "../../../ffi/mod.ts";
import { intoKernel, RAX, RCX, RDI, REGISTER_NAMES, type Registers, RIP, RSI } from "./registers.ts";

/** Registers that carry the arguments, in order. */
export const ARGUMENT_REGISTERS = ["rdi", "rsi", "rdx", "r10", "r8", "r9"] as const;

/** Their indices in {@link Registers}. */
const ARGUMENTS = ARGUMENT_REGISTERS.map((name) => REGISTER_NAMES.indexOf(name));

/** Bytes of a `syscall` instruction. */
export const SYSCALL_LENGTH = 2;

/** In orig_rax it says that a task is in no system call, so that the kernel starts none again (arch_do_signal_or_restart). */
export const NO_CALL = 0xffff_ffff_ffff_ffffn;

/** What a call that has been broken off has as its result, while nobody but a tracer can see it (linux/errno.h). */
const ERESTARTSYS = 512n;

/** Argument `i` of the call that a program makes with these registers. */
export function argumentOf(registers: Registers, i: number): bigint {
  return registers[ARGUMENTS[i]!]!;
}

/** All arguments of the call that a program makes with these registers. */
export function argumentsOf(registers: Registers): bigint[] {
  return ARGUMENTS.map((at) => registers[at]!);
}

/** What a program has in the register of the number: it has that back where a call has come to nothing. */
export function numberOf(registers: Registers): bigint {
  return registers[RAX]!;
}

/** Turns a task's registers at the `syscall` of its translation into those that the program has at its own. */
export function setCallRegisters(registers: Registers, number: bigint, next: number): void {
  registers[RAX] = number;
  leaveCall(registers, next);
}

/** Lets registers be those behind a call: the processor leaves in rcx where it goes on (Intel SDM vol. 2, SYSCALL). */
export function leaveCall(registers: Registers, next: number): void {
  registers[RCX] = BigInt(next);
}

/**
 * Fills in what is known of the registers at a call of which no more was kept.
 *
 * @param next App pc behind it.
 */
export function fillCallRegisters(
  registers: Registers,
  number: number,
  next: bigint,
  args: readonly bigint[],
): void {
  registers[RAX] = BigInt(number);
  registers[RIP] = next - BigInt(SYSCALL_LENGTH);
  args.forEach((value, i) => {
    registers[ARGUMENTS[i]!] = value;
  });
}

/** The number of a call that a program makes as 32-bit ones do (int 0x80, sysenter). */
export function narrowCallNumber(registers: Registers): number {
  return Number(BigInt.asUintN(32, registers[RAX]!));
}

/** What a call that the kernel has done by itself has changed of the registers. */
export function copyResult(from: Registers, to: Registers): void {
  to[RAX] = from[RAX]!;
}

/** The kernel's registers of a task that is in no call, as a tracer would find them at a pc of the program. */
export function betweenCalls(kernel: BigUint64Array, pc: number): BigUint64Array {
  const registers = kernel.slice();
  registers[REG.rip] = BigInt(pc);
  registers[REG.orig_rax] = NO_CALL;
  return registers;
}

/** Likewise, of a task in a call that a stop has broken off. */
export function inBrokenCall(
  kernel: BigUint64Array,
  { registers, number, next }: { registers: Registers; number: number; next: number },
): BigUint64Array {
  const broken = kernel.slice();
  intoKernel(registers, broken);
  broken[REG.rip] = BigInt(next);
  broken[REG.rcx] = BigInt(next);
  broken[REG.orig_rax] = BigInt(number);
  broken[REG.rax] = BigInt.asUintN(64, -ERESTARTSYS);
  return broken;
}

/** What a call has done to the registers of its task themselves: arch_prctl(ARCH_SET_FS, base) and its kin. */
export function setSegmentBase(kernel: BigUint64Array, call: number, registers: Registers): void {
  if (call !== SYSCALLS.arch_prctl) return;
  const code = Number(registers[RDI]!);
  if (code === ARCH.SET_FS) kernel[REG.fs_base] = registers[RSI]!;
  else if (code === ARCH.SET_GS) kernel[REG.gs_base] = registers[RSI]!;
}
