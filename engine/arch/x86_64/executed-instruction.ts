/**
 * Instructions that no translation can execute, done for a stopped task: answered by the tracer, executed by the processor
 * in the tracee, or done by the kernel. What has come of one is said in no terms of the processor's.
 */
import { SIG, syscallName32 } from "../../../ffi/mod.ts";
import { Unsupported } from "../../engine-error.ts";
import type { MemoryRange } from "../../kernel/mod.ts";
import type { Controller, SignalInfo } from "../../tracee/controller.ts";
import { stepNatively } from "../../tracee/native-step.ts";
import type { Task } from "../../tracee/task.ts";
import type { TextGuard } from "../../tracee/text-guard.ts";
import type { InstructionTrap } from "../../translate/traps.ts";
import { isX87Environment } from "../../translate/x87-emission.ts";
import { cpuidAnswer, type ProcessorAnswer } from "./answered-instructions.ts";
import { narrowCallNumber } from "./call-abi.ts";
import { emulate, isAmd, writtenBy } from "./instructions.ts";
import { pcOf, type Registers, setPc, stackPointerOf } from "./registers.ts";
import type { AskProcessor } from "./visible-cpuid.ts";
import { callVsyscall, VSYSCALL, vsyscallWrites } from "./vsyscall.ts";
import { tellX87 } from "./x87-environment.ts";

/** What has come of an instruction. */
export type Executed = Completed | Faulted;

interface Completed {
  kind: "executed";
  after: Registers;
  written: readonly MemoryRange[];
  /** The text behind it may be other than it was. */
  mayHaveWritten: boolean;
  /** The processor's word about itself, which is the same whenever it is asked. */
  answer?: ProcessorAnswer | undefined;
}

/** It raises a signal. */
interface Faulted {
  kind: "fault";
  info: SignalInfo;
  /** By the kernel's own decision, so that no exception is noted anywhere. */
  isForced: boolean;
}

/** What instructions are executed with. */
export interface Executor {
  tracer: Controller;
  text: TextGuard;
  /** What the processor says of itself. */
  ask: AskProcessor;
}

/** Whether no transaction survives an instruction. */
export function endsTransactions({ name }: InstructionTrap): boolean {
  return name === "cpuid";
}

/**
 * Executes the instruction of a trap that a task stands at; where it goes on is left to the caller.
 *
 * @param before Registers at it.
 * @throws {Unsupported} For one that can't be recorded.
 */
export function execute(executor: Executor, task: Task, trap: InstructionTrap, before: Registers): Executed {
  if (trap === VSYSCALL) return callKernel(executor, task, before);
  refuse(trap, before);
  const bytes = task.space.memory.read(trap.pc, trap.length).slice();
  // The processor raises the fault then: the kernel has set it up for that (disable_TSC in arch/x86/kernel/process.c, Linux 6.18).
  const faults = trap.name === "rdtsc" && !task.readsTimeStamps;
  const answer = faults ? undefined : emulate(trap.name, bytes, before, executor.ask);
  if (answer) {
    task.load(answer);
    const said = trap.name === "cpuid" ? cpuidAnswer(before, answer) : undefined;
    return { ...completed(task, { trap, bytes, before, pc: pcOf(answer) }), answer: said };
  }
  const environment = isX87Environment(trap.name) ? task.space.cacheSpace.x87Environment : undefined;
  const stepped = stepNatively(executor.tracer, task, trap, bytes, ({ signal, address }) => {
    const ranges = [{ address, length: 1 }];
    if (signal !== SIG.SIGSEGV || !executor.text.guardsAny(task.space, ranges)) return false;
    executor.text.allowWrites(task, ranges);
    return true;
  });
  if (stepped.kind === "fault") return { ...stepped, isForced: false };
  if (environment)
    tellX87(task, bytes, environment, Number(writtenBy(trap.name, bytes, before, before)!.address));
  return completed(task, { trap, bytes, before, pc: stepped.pc });
}

/** A call of the vsyscall page, which the kernel itself does. */
function callKernel({ tracer, text }: Executor, task: Task, before: Registers): Executed {
  const written = vsyscallWrites(before);
  text.allowWrites(task, written);
  const refused = callVsyscall(tracer, task);
  if (refused) return { kind: "fault", info: refused, isForced: true };
  const after = task.view(0);
  setPc(after, task.pcBits);
  return { kind: "executed", after, written, mayHaveWritten: true };
}

/** A task has executed an instruction, and its registers are those behind it but for the pc. */
function completed(
  task: Task,
  { trap, bytes, before, pc }: { trap: InstructionTrap; bytes: Uint8Array; before: Registers; pc: bigint },
): Completed {
  const { name } = trap;
  const after = task.view(0);
  setPc(after, pc);
  if (task.isNarrow) {
    throw new Unsupported(
      `${name} at 0x${trap.pc.toString(16)} leads to 32-bit code (cs 0x23); the embedded engine runs 64-bit programs`,
    );
  }
  const written = writtenBy(name, bytes, before, after);
  if (!written) return { kind: "executed", after, written: [], mayHaveWritten: false };
  const address = Number(written.address);
  if (name === "call" || name === "branch") {
    // What it has pushed leads behind its copy.
    const width = stackPointerOf(before) - stackPointerOf(after) > 8n ? written.length / 2 : written.length;
    const next = new Uint8Array(new BigUint64Array([BigInt(trap.pc + trap.length)]).buffer);
    task.space.memory.write(address, next.subarray(0, width));
  }
  return { kind: "executed", after, written: [{ address, length: written.length }], mayHaveWritten: true };
}

/** @throws {Unsupported} For an instruction that can't be recorded. */
function refuse({ action, name, pc }: InstructionTrap, registers: Registers): void {
  const isOldCall = name === "int" || name === "sysenter";
  // AMD's processors have no sysenter in 64-bit programs.
  if (isOldCall && (name === "sysenter" ? !isAmd() : action === "unsupported")) {
    const number = narrowCallNumber(registers);
    const how = name === "int" ? "int 0x80" : name;
    throw new Unsupported(
      `Cannot record ${how} at 0x${pc.toString(16)}: it makes the system call ${syscallName32(number)} (${number}) ` +
        "as 32-bit programs do, and only those of 64-bit programs are supported: let the program use syscall",
    );
  }
  if (action !== "unsupported") return;
  throw new Unsupported(
    `the instruction ${name} at 0x${pc.toString(16)} can't be recorded by the embedded engine yet`,
  );
}
