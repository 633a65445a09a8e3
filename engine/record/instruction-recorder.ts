/**
 * Instructions that no translation can execute, while recording. Each is one event, or the signal that it raises.
 */

import { SIG } from "../../ffi/mod.ts";
import { endsTransactions, execute } from "../arch/x86_64/executed-instruction.ts";
import { pcOf } from "../arch/x86_64/registers.ts";
import { type AskProcessor, askProcessor } from "../arch/x86_64/visible-cpuid.ts";
import { registersAt } from "../arch/x86_64/vsyscall.ts";
import { goOnBehind } from "../tracee/native-step.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { InstructionTrap } from "../translate/traps.ts";
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

  readonly #ask: AskProcessor = (leaf, subleaf) =>
    this.recording.interceptors.processorSays(leaf, subleaf) ?? askProcessor(leaf, subleaf);

  /** A task stands at the trap of an instruction. */
  record(task: RecordedTask, trap: InstructionTrap): void {
    const { action, name, pc, length } = trap;
    if (action === "breakpoint") {
      // The program's own: SIGTRAP with the pc behind it.
      const { siginfo } = this.tracer.signalInfo(task);
      const registers = task.view(pc + length);
      this.handlers.deliver(
        task,
        { signal: SIG.SIGTRAP, siginfo },
        { point: "fault", registers, atSignalStop: true },
      );
      return;
    }
    const { interceptors, calls } = this.recording;
    if (endsTransactions(trap)) interceptors.aborts(task);
    const { tracer } = this;
    const before = registersAt(task, trap);
    const executor = { tracer, text: tracer.text, ask: this.#ask };
    const executed = execute(executor, task, trap, before);
    if (executed.kind === "fault") {
      if (executed.isForced) task.frameRefused = true;
      this.handlers.fault(task, executed.info, executed.info.address);
      return;
    }
    const { after, written, mayHaveWritten, answer } = executed;
    if (answer && !task.choseProcessors) calls.answered(answer);
    const writes = written
      .map(({ address, length: size }) => this.recording.snapshot(task.space, address, size))
      .filter((write) => write !== undefined);
    this.recording.emit(task, {
      kind: "instruction",
      task: task.id,
      ticks: task.ticks,
      registers: before,
      name,
      after,
      writes,
    });
    goOnBehind(task, trap, pcOf(after), mayHaveWritten);
  }
}
