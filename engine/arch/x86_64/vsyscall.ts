/**
 * The vsyscall page, which the kernel has at the same address in every process: calls of it fault, and the kernel does what
 * the function there has done once (emulate_vsyscall in arch/x86/entry/vsyscall/vsyscall_64.c, Linux 6.18).
 */
import { PTRACE } from "../../../ffi/mod.ts";
import type { MemoryRange } from "../../kernel/mod.ts";
import type { Controller, SignalInfo } from "../../tracee/controller.ts";
import type { Task } from "../../tracee/task.ts";
import type { InstructionTrap } from "../../translate/traps.ts";
import type { Registers } from "./registers.ts";
import { RDI, RESUME_FLAG, RIP, RSI } from "./registers.ts";

const PAGE = 0xffffffffff600000n;
const PAGE_SIZE = 4096n;

/** Bytes that the functions write behind their first and second argument: gettimeofday, time, getcpu. */
const WRITES: Readonly<Record<string, readonly number[]>> = { "0": [16, 8], "1024": [8], "2048": [4, 4] };

/** What a task has come to that wants to call the page; where exactly, its rip says. */
export const VSYSCALL: InstructionTrap = {
  kind: "instruction",
  action: "emulate",
  name: "vsyscall",
  pc: Number(PAGE),
  length: 0,
  resume: 0,
};

/** Whether an address is in the page. */
export function isVsyscall(address: bigint): boolean {
  return address >= PAGE && address < PAGE + PAGE_SIZE;
}

/** Whether the kernel has put the result of an instruction into its register before it raises a signal for it. */
export function hasEarlyResult(trap: InstructionTrap): boolean {
  return trap === VSYSCALL;
}

/** The registers of a task at the trap of an instruction. */
export function registersAt(task: Task, trap: InstructionTrap): Registers {
  const registers = task.view(trap.pc);
  if (trap === VSYSCALL) registers[RIP] = task.get("rip");
  return registers;
}

/**
 * Lets the kernel do a call. It returns to the program's own text, which faults outside of the code cache.
 *
 * @returns What the program gets for a call that the kernel refuses; undefined if it is done.
 */
export function callVsyscall(tracer: Controller, task: Task): SignalInfo | undefined {
  const from = task.get("rip");
  for (;;) {
    const stop = tracer.advance(task, PTRACE.CONT);
    const info = tracer.signalInfo(task);
    if (!info.fault) task.strayStop(stop);
    else if (task.get("rip") === from) return info;
    else {
      task.set("eflags", task.get("eflags") & ~RESUME_FLAG);
      return undefined;
    }
  }
}

/** Memory that a call writes, by the registers before it. */
export function vsyscallWrites(before: Registers): MemoryRange[] {
  const lengths = WRITES[String(before[RIP]! - PAGE)] ?? [];
  return [RDI, RSI].flatMap((register, i) => {
    const address = Number(before[register]!);
    const length = lengths[i];
    return address === 0 || length === undefined ? [] : [{ address, length }];
  });
}
