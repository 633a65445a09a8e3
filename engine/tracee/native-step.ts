/**
 * One instruction of the program, executed by the processor itself: its copy in the code cache is single-stepped. So it
 * does what it does natively, on every processor: its result, its fault, or a branch that no translation can take.
 */
import { PTRACE } from "../../ffi/mod.ts";
import { RESUME_FLAG } from "../arch/x86_64/registers.ts";
import type { InstructionTrap } from "../translate/traps.ts";
import type { Controller, SignalInfo } from "./controller.ts";
import { isTrap } from "./kernel-stop.ts";
import type { Task } from "./task.ts";

/** What became of the instruction. */
export type Stepped =
  /** It has been executed; the program goes on at an address of its own. */
  | { kind: "executed"; pc: bigint }
  /** It raises a signal; the task is in that stop, at the copy. */
  | { kind: "fault"; info: SignalInfo };

/** Longest x86 instruction, in bytes. */
const MAX_INSTRUCTION = 15n;
/** jmp and call with a displacement, which is relative to the copy here. */
const RELATIVE: readonly number[] = [0xe8, 0xe9, 0xeb];
/** What a rip is cut to by branches with 16-bit operands. */
const NARROW = 0x10000n;

/**
 * Executes the instruction of a trap that a task stands at.
 *
 * @param bytes The instruction in the program's text.
 * @param mayGoOn Called for a fault that is the engine's own; whether it is dealt with.
 */
export function stepNatively(
  tracer: Controller,
  task: Task,
  trap: InstructionTrap,
  bytes: Uint8Array,
  mayGoOn: (info: SignalInfo) => boolean,
): Stepped {
  const copy = task.get("rip");
  for (;;) {
    const stop = tracer.advance(task, PTRACE.SINGLESTEP);
    const rip = task.get("rip");
    const info = isTrap(stop) && rip !== copy ? undefined : tracer.signalInfo(task);
    if (info === undefined) return { kind: "executed", pc: programPc(task, trap, bytes, copy) };
    if (!info.fault) task.strayStop(stop);
    else if (rip === copy) {
      if (!mayGoOn(info)) return { kind: "fault", info };
    } else {
      // It has loaded the flags and lost the trace: the fault is that of its target, which comes once more.
      task.set("eflags", task.get("eflags") & ~RESUME_FLAG);
      return { kind: "executed", pc: programPc(task, trap, bytes, copy) };
    }
  }
}

/** Where in the program a task stands that has executed the copy of an instruction. */
function programPc(task: Task, trap: InstructionTrap, bytes: Uint8Array, copy: bigint): bigint {
  const rip = task.get("rip");
  const pc = BigInt(trap.pc);
  // At the trap behind the copy, or over it where the kernel has emulated it (fixup_umip_exception in arch/x86/kernel/umip.c).
  const behind = BigInt(trap.resume) - rip;
  if (trap.length > 0 && (behind === 0n || behind === 1n)) return pc + BigInt(trap.length);
  const distance = rip - copy;
  if (trap.length === 0 && distance > 0n && distance <= MAX_INSTRUCTION) return pc + distance;
  if (!RELATIVE.includes(bytes.find((byte) => byte !== 0x66) ?? 0)) return rip;
  return rip < NARROW ? (pc + distance) & (NARROW - 1n) : pc + distance;
}

/**
 * Lets a task that stands at the trap of an instruction go on at a pc of the program, the next one as a rule.
 *
 * @param hasWritten It has written memory, which may be the text behind it.
 */
export function goOnBehind(task: Task, trap: InstructionTrap, pc: bigint, hasWritten: boolean): void {
  const next = trap.length > 0 && pc === BigInt(trap.pc + trap.length);
  if (next && !hasWritten) task.set("rip", trap.resume);
  else if (pc <= Number.MAX_SAFE_INTEGER) task.jumpTo(Number(pc));
  // Nothing is there but a fault.
  else task.set("rip", pc);
}
