/**
 * Instructions that no translation can execute, while recording: answered here, executed by the processor in the tracee, or
 * done by the kernel. Each is one event, or the signal that it raises.
 */

import { SIG, syscallName32 } from "../../ffi/mod.ts";
import { cpuidAnswer } from "../arch/x86_64/answered-instructions.ts";
import { narrowCallNumber } from "../arch/x86_64/call-abi.ts";
import { emulate, isAmd, writtenBy } from "../arch/x86_64/instructions.ts";
import { pcOf, setPc, stackPointerOf } from "../arch/x86_64/registers.ts";
import { type Cpuid, visibleCpuid } from "../arch/x86_64/visible-cpuid.ts";
import { callVsyscall, registersAt, VSYSCALL, vsyscallWrites } from "../arch/x86_64/vsyscall.ts";
import { tellX87 } from "../arch/x86_64/x87-environment.ts";
import { Unsupported } from "../engine-error.ts";
import type { Registers } from "../trace/events.ts";
import { goOnBehind, stepNatively } from "../tracee/native-step.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { InstructionTrap } from "../translate/traps.ts";
import { isX87Environment } from "../translate/x87-emission.ts";
import type { DeliveryPoint } from "./delivery.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** What becomes of the signals that instructions raise. */
export interface SignalHandlers {
  /** Delivers a signal at a point. */
  deliver(task: RecordedTask, stashed: StashedSignal, at: DeliveryPoint): void;
  /** An instruction has faulted, as the task's present stop says. */
  fault(task: RecordedTask, stashed: StashedSignal, address: number): void;
}

/** Answers one such instruction of a stopped task, and writes its event. */
export class InstructionRecorder {
  constructor(
    private readonly recording: Recording,
    private readonly handlers: SignalHandlers,
  ) {}

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** cpuid as programs see it. */
  private readonly cpuid: Cpuid = (leaf, subleaf) =>
    this.recording.interceptors.cpuid(leaf, subleaf) ?? visibleCpuid(leaf, subleaf);

  /** A task stands at the trap of an instruction. */
  record(task: RecordedTask, trap: InstructionTrap): void {
    const { action, name, pc, length } = trap;
    const before = registersAt(task, trap);
    if (trap === VSYSCALL) {
      this.vsyscall(task, before);
      return;
    }
    if (action === "breakpoint") {
      // The program's own int3: SIGTRAP with the pc behind it.
      const { siginfo } = this.tracer.signalInfo(task);
      const registers = task.view(pc + length);
      this.handlers.deliver(
        task,
        { signal: SIG.SIGTRAP, siginfo },
        { point: "fault", registers, atSignalStop: true },
      );
      return;
    }
    if (name === "cpuid") this.recording.interceptors.aborts(task);
    if (name === "int" || name === "sysenter") refuseOldCall(trap, before);
    if (action === "unsupported") {
      throw new Unsupported(
        `the instruction ${name} at 0x${pc.toString(16)} can't be recorded by the embedded engine yet`,
      );
    }
    const bytes = task.space.memory.read(pc, length).slice();
    const answer = emulate(name, bytes, before, this.cpuid);
    if (answer) {
      if (name === "cpuid" && !task.choseProcessors)
        this.recording.calls.answered(cpuidAnswer(before, answer));
      task.load(answer);
      this.executed(task, trap, bytes, before, pcOf(answer));
      return;
    }
    const environment = isX87Environment(name) ? task.space.cacheSpace.x87Environment : undefined;
    const stepped = stepNatively(this.tracer, task, trap, bytes, ({ signal, address }) => {
      const { text } = this.tracer;
      const ranges = [{ address, length: 1 }];
      if (signal !== SIG.SIGSEGV || !text.guardsAny(task.space, ranges)) return false;
      text.allowWrites(task, ranges);
      return true;
    });
    if (stepped.kind === "executed") {
      if (environment)
        tellX87(task, bytes, environment, Number(writtenBy(name, bytes, before, before)!.address));
      this.executed(task, trap, bytes, before, stepped.pc);
    } else this.handlers.fault(task, stepped.info, stepped.info.address);
  }

  /** A call of the vsyscall page, which the kernel itself does. */
  private vsyscall(task: RecordedTask, before: Registers): void {
    const ranges = vsyscallWrites(before);
    this.tracer.text.allowWrites(task, ranges);
    const refused = callVsyscall(this.tracer, task);
    if (refused) {
      // The kernel has forced the signal: no exception is noted anywhere.
      task.frameRefused = true;
      this.handlers.fault(task, refused, refused.address);
      return;
    }
    const after = task.view(0);
    setPc(after, task.pcBits);
    const { name } = VSYSCALL;
    const writes = ranges
      .map(({ address, length }) => this.recording.snapshot(task.space, address, length))
      .filter((write) => write !== undefined);
    const { id, ticks } = task;
    this.recording.emit(task, {
      kind: "instruction",
      task: id,
      ticks,
      registers: before,
      name,
      after,
      writes,
    });
    goOnBehind(task, VSYSCALL, pcOf(after), true);
  }

  /** Writes down an instruction that the task has executed, or got an answer to, and lets it go on behind it. */
  private executed(
    task: RecordedTask,
    trap: InstructionTrap,
    bytes: Uint8Array,
    before: Registers,
    pc: bigint,
  ): void {
    const { name } = trap;
    const after = task.view(0);
    setPc(after, pc);
    if (task.isNarrow) {
      throw new Unsupported(
        `${name} at 0x${trap.pc.toString(16)} leads to 32-bit code (cs 0x23); the embedded engine runs 64-bit programs`,
      );
    }
    const written = writtenBy(name, bytes, before, after);
    if (written && (name === "call" || name === "branch")) {
      // What it has pushed leads behind its copy.
      const width = stackPointerOf(before) - stackPointerOf(after) > 8n ? written.length / 2 : written.length;
      const next = new Uint8Array(new BigUint64Array([BigInt(trap.pc + trap.length)]).buffer);
      task.space.memory.write(Number(written.address), next.subarray(0, width));
    }
    const write = written && this.recording.snapshot(task.space, Number(written.address), written.length);
    this.recording.emit(task, {
      kind: "instruction",
      task: task.id,
      ticks: task.ticks,
      registers: before,
      name,
      after,
      writes: write ? [write] : [],
    });
    goOnBehind(task, trap, pc, written !== undefined);
  }
}

/** @throws Unsupported for a system call of 32-bit programs; AMD's processors have no sysenter in 64-bit programs. */
function refuseOldCall({ action, name, pc }: InstructionTrap, registers: Registers): void {
  if (name === "sysenter" ? isAmd() : action !== "unsupported") return;
  const number = narrowCallNumber(registers);
  const how = name === "int" ? "int 0x80" : name;
  throw new Unsupported(
    `Cannot record ${how} at 0x${pc.toString(16)}: it makes the system call ${syscallName32(number)} (${number}) ` +
      "as 32-bit programs do, and only those of 64-bit programs are supported: let the program use syscall",
  );
}
