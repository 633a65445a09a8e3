/**
 * The general registers of a traced task as its tracer sees them (struct user_regs_struct): the program's own, with what the
 * kernel shows of a system call that the task is in; and back.
 */
import { ARCH, ERRNO, REG, SYSCALLS } from "../../../ffi/mod.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { Task } from "../../tracee/task.ts";
import { ARGUMENT_REGISTERS, NO_CALL, SYSCALL_LENGTH } from "./call-abi.ts";
import {
  EFLAGS,
  intoKernel,
  pcOf,
  RAX,
  type Registers,
  setPc,
  TRAP_FLAG,
  toRegisters,
  USER_CS,
} from "./registers.ts";

/** ENOSYS, which a call that is not begun has as its result (syscall_enter in arch/x86/entry/entry_64.S). */
const NOT_BEGUN = BigInt(-ERRNO.ENOSYS);
/** Results of a call that a signal has broken off, while nobody but a tracer can see them (linux/errno.h). */
const RESTART = { ifAsked: -512n, always: -513n, withoutHandler: -514n, byBlock: -516n } as const;

/** Flags that a tracer can set: the rest is the processor's or the kernel's (FLAG_MASK in arch/x86/kernel/ptrace.c, Linux 6.18). */
const SETTABLE_FLAGS = 0x54dd5n;

/** Highest address of a program, below which segment bases have to lie (TASK_SIZE_MAX). */
const HIGHEST = 2n ** 47n - 4096n;

/** Which base of a segment a code of arch_prctl is about, and whether it sets it (do_arch_prctl_64 in arch/x86/kernel/process_64.c). */
export const SEGMENT_BASES: ReadonlyMap<number, { index: number; isSet: boolean }> = new Map([
  [ARCH.SET_FS, { index: REG.fs_base, isSet: true }],
  [ARCH.SET_GS, { index: REG.gs_base, isSet: true }],
  [ARCH.GET_FS, { index: REG.fs_base, isSet: false }],
  [ARCH.GET_GS, { index: REG.gs_base, isSet: false }],
]);

/** Registers of a task in no call, or behind one. @param call Number of the call that has just ended; -1 for none. */
export function standingFile(task: Task, registers: Registers, call: number): BigUint64Array {
  const file = task.registers.slice();
  intoKernel(registers, file);
  file[REG.rip] = pcOf(registers);
  file[REG.orig_rax] = call < 0 ? NO_CALL : BigInt(call);
  return withoutStep(file);
}

/** Registers of a task in a call: not begun yet, unless a result is given. */
export function callFile(task: Task, site: CallSite, result = NOT_BEGUN): BigUint64Array {
  const file = standingFile(task, site.registers, site.number);
  file[REG.rip] = file[REG.rcx] = BigInt(site.next);
  file[REG.rax] = BigInt.asUintN(64, result);
  return file;
}

/** What registers say of the system call that a task is in. */
export function callIn(file: BigUint64Array): {
  pc: bigint;
  stack: bigint;
  number: bigint;
  args: bigint[];
  result: bigint;
} {
  return {
    pc: file[REG.rip]!,
    stack: file[REG.rsp]!,
    number: BigInt.asUintN(32, file[REG.orig_rax]!),
    args: ARGUMENT_REGISTERS.map((name) => file[REG[name]]!),
    result: BigInt.asIntN(64, file[REG.rax]!),
  };
}

/** A trap flag that the tracer has asked for is not shown (get_flags in arch/x86/kernel/ptrace.c). */
function withoutStep(file: BigUint64Array): BigUint64Array {
  file[REG.eflags]! &= ~TRAP_FLAG;
  return file;
}

/** The registers that a task goes on with from where no call is in the way. */
export function programRegisters(file: BigUint64Array): Registers {
  const after = toRegisters(file, 0);
  setPc(after, file[REG.rip]!);
  return after;
}

/** The number of the call that a task is at the entry of, as its tracer wants it; -1 for none. */
export function wantedCall(file: BigUint64Array): number {
  return Number(BigInt.asIntN(32, file[REG.orig_rax]!));
}

/** The registers in front of the call that a tracer wants, at whose entry the task is. */
export function registersInFront(file: BigUint64Array): Registers {
  const front = programRegisters(file);
  setPc(front, file[REG.rip]! - BigInt(SYSCALL_LENGTH));
  front[RAX] = file[REG.orig_rax]!;
  return front;
}

/**
 * The registers that a task goes on with from a signal's stop: a call that the signal has broken off is begun again, as the
 * kernel would have it (arch_do_signal_or_restart and handle_signal in arch/x86/kernel/signal.c, Linux 6.18).
 *
 * @param handler Whether a handler that comes first lets calls be begun again (SA_RESTART); undefined if none comes.
 */
export function registersOnward(file: BigUint64Array, handler: boolean | undefined): Registers {
  const result = BigInt.asIntN(64, file[REG.rax]!);
  const isBroken = Object.values<bigint>(RESTART).includes(result);
  if (file[REG.orig_rax] === NO_CALL || !isBroken) return programRegisters(file);
  const isAgain =
    handler === undefined || result === RESTART.always || (handler && result === RESTART.ifAsked);
  if (!isAgain) {
    const onward = programRegisters(file);
    onward[RAX] = BigInt.asUintN(64, BigInt(-ERRNO.EINTR));
    return onward;
  }
  const onward = registersInFront(file);
  if (result === RESTART.byBlock) onward[RAX] = BigInt(SYSCALLS.restart_syscall);
  return onward;
}

/** Registers with which a task traps behind its next instruction. */
export function stepping(registers: Registers): Registers {
  const steps = registers.slice();
  steps[EFLAGS]! |= TRAP_FLAG;
  return steps;
}

/** Registers without the trap flag of a step that is over. */
export function stepped(registers: Registers): Registers {
  const rest = registers.slice();
  rest[EFLAGS]! &= ~TRAP_FLAG;
  return rest;
}

/**
 * Sets a register of what a tracer sees (putreg in arch/x86/kernel/ptrace.c, Linux 6.18).
 *
 * @returns Whether the kernel would take it; segments can only be those that 64-bit programs have.
 */
export function setInFile(file: BigUint64Array, index: number, value: bigint): boolean {
  switch (index) {
    case REG.cs:
      return value === USER_CS;
    case REG.ss:
    case REG.ds:
    case REG.es:
    case REG.fs:
    case REG.gs:
      return value === file[index];
    case REG.fs_base:
    case REG.gs_base:
      if (value >= HIGHEST) return false;
      break;
    case REG.eflags:
      file[index] = (file[index]! & ~SETTABLE_FLAGS) | (value & SETTABLE_FLAGS);
      return true;
  }
  file[index] = value;
  return true;
}
