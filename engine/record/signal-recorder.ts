/**
 * Signals while recording: stashed where the kernel brings them, delivered at the next point that replay can
 * find again, by the kernel itself, so that frames, masks and restarts are its own.
 */
import {
  getSigMask,
  NativeBuffer,
  PTRACE,
  SIG,
  SIG_DFL,
  SIGINFO,
  setSigInfo,
  setSigMask,
  signalBit,
  waitStatus,
} from "../../ffi/mod.ts";
import { SYSCALL_LENGTH } from "../arch/x86_64/call-abi.ts";
import { pcOf, stackPointerOf } from "../arch/x86_64/registers.ts";
import {
  clearStep,
  frameOf,
  mendFault,
  mendFloatingPlace,
  roomForFrame,
} from "../arch/x86_64/signal-frame.ts";
import { invariant } from "../engine-error.ts";
import { arm, readTicks } from "../tracee/budget.ts";
import { request, TaskGone } from "../tracee/controller.ts";
import { FAULT_SIGNALS } from "../tracee/fault.ts";
import { stopAtGadget } from "../tracee/gadget.ts";
import { isTrap, type LiveStop } from "../tracee/kernel-stop.ts";
import type { StashedSignal } from "../tracee/task.ts";
import { toWholeFlags } from "../tracee/whole-flags.ts";
import type { Disposition } from "./actions.ts";
import type { Delivery, DeliveryPoint } from "./delivery.ts";
import type { JobControl } from "./job-control.ts";
import { isFirstOfNamespace } from "./pid-namespaces.ts";
import { type RecordedTask, setPc } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { brokenSequence } from "./restartable.ts";
import { robustWrites } from "./robust-list.ts";
import { dropAction, enterHandler, keepBlockedTrap } from "./trap-signal.ts";

/** What is blocked while a signal is stashed: all but faults, whose handlers the kernel would reset (signal(7)). */
const HOLD_MASK = FAULT_SIGNALS.reduce((mask, signal) => mask & ~signalBit(signal), 0xffffffffffffffffn);

/**
 * Signals that the first process of a namespace of ids can't refuse; of all others it gets those that it handles (get_signal in
 * kernel/signal.c, Linux 6.18: SIGNAL_UNKILLABLE).
 */
const UNREFUSED: readonly number[] = [SIG.SIGKILL, SIG.SIGSTOP];

/** Holds signals that have come, releases them at a place that replay can find, and records how each is delivered. */
export class SignalRecorder {
  private readonly info = NativeBuffer.map(SIGINFO.size);

  constructor(
    private readonly recording: Recording,
    private readonly jobs: JobControl,
  ) {}

  /** Takes a signal from the kernel for later; the task must trap at its next tick. */
  stash(task: RecordedTask, stashed: StashedSignal): void {
    task.stashed.push(stashed);
    if (task.savedMask === undefined) {
      const mask = request(task, getSigMask);
      task.savedMask = mask;
      request(task, (tid) => setSigMask(tid, mask | HOLD_MASK));
    }
    readTicks(task);
    arm(task, () => 1, 1);
  }

  /** Whether a signal that the kernel forces on a task ends it: it has no handler for it, or blocks it. */
  isFatal(task: RecordedTask, signal: number): boolean {
    const mask = task.savedMask ?? request(task, getSigMask);
    return task.process.actions.forcedDisposition(signal) === "fatal" || (mask & signalBit(signal)) !== 0n;
  }

  /** Lets a signal be one that ends its process, whatever the program has said of it (force_sig_info_to_task). */
  makeFatal(task: RecordedTask, signal: number): void {
    const mask = task.savedMask ?? request(task, getSigMask);
    const open = mask & ~signalBit(signal);
    if (task.savedMask === undefined) request(task, (tid) => setSigMask(tid, open));
    else task.savedMask = open;
    task.process.actions.reset(signal);
    dropAction(this.recording.tracer, task, signal);
  }

  /** Puts the program's own mask back. */
  release(task: RecordedTask): void {
    const mask = task.savedMask;
    if (mask === undefined) return;
    request(task, (tid) => setSigMask(tid, mask));
    task.savedMask = undefined;
  }

  /**
   * Delivers a signal at a point. The task's registers must be those of its present stop.
   */
  deliver(task: RecordedTask, stashed: StashedSignal, where: DeliveryPoint): Delivery {
    let at = where;
    const { signal, siginfo } = stashed;
    this.recording.onSignal?.(task, signal);
    this.recording.interceptors.delivers(task, siginfo);
    const { actions } = task.process;
    const forced = at.forced ?? at.point === "fault";
    const disposition = this.disposition(task, signal, forced);
    const waits = !forced && keepBlockedTrap(task, stashed);
    const { tracedStops } = this.recording;
    const held = waits ? undefined : tracedStops.atSignal(task, stashed, at);
    if (held !== undefined) {
      this.release(task);
      return held;
    }
    if (disposition === "stop" && task.tracing) {
      this.release(task);
      tracedStops.ofGroup(task, signal, at);
      return "held";
    }
    if (disposition === "stop") {
      if (!at.atSignalStop) stopAtGadget(this.recording.tracer, task);
      this.release(task);
      return this.jobs.stop(task, signal, at) ? "stopped" : "ignored";
    }
    if (waits || disposition === "ignored") {
      this.release(task);
      return "ignored";
    }
    if (disposition === "fatal" && tracedStops.atDeath(task, stashed, at)) return "held";
    const isFault = at.point === "fault";
    const own = disposition === "handler" ? this.recording.restartable.handles(task, at) : { at, writes: [] };
    if (!own) return this.endBroken(task, at);
    at = own.at;
    if (!at.atSignalStop) stopAtGadget(this.recording.tracer, task);
    if (disposition === "handler" && task.poll) {
      const pc = toWholeFlags(this.recording.tracer, task);
      at = { ...at, registers: task.view(pc) };
    }
    this.release(task);
    const base = {
      kind: "signal",
      task: task.id,
      ticks: task.ticks,
      registers: at.registers,
      point: at.point,
      jumps: task.jumps,
      signal,
      siginfo,
      disposition,
    } as const;
    if (disposition === "fatal") {
      this.recording.finishOutput(task.process);
      this.recording.emit(task, { ...base, disposition, writes: [], after: at.registers });
      this.recording.crashed(task, signal, siginfo, at.registers);
      if (signal === SIG.SIGTRAP && actions.handler(signal) !== SIG_DFL)
        dropAction(this.recording.tracer, task, signal);
      for (const dying of task.process.tasks) dying.robustFutexWrites = robustWrites(dying);
      this.setSigInfo(task, siginfo);
      // The first process of a namespace that is traced does not even die of its own faults.
      const deadly = isFirstOfNamespace(task.process) ? SIG.SIGKILL : signal;
      this.recording.tracer.release(task, PTRACE.CONT, deadly);
      return "dying";
    }
    const tracer = this.recording.tracer;
    // The kernel could not write the frame beside trampolines on the stack that have been translated.
    tracer.text.allowWrites(task, [roomForFrame(stackPointerOf(at.registers))]);
    task.loadInterrupted(at.registers);
    task.pcBits = pcOf(at.registers);
    if (at.interrupted) {
      // The kernel decides between restart and EINTR; it moves the pc back over the program's own `syscall`.
      task.pcBits = pcOf(at.registers) + BigInt(SYSCALL_LENGTH);
      task.entersCall(at.interrupted.number);
      task.result = at.interrupted.result;
    } else {
      task.forgetCall();
    }
    tracer.flush(task);
    this.setSigInfo(task, siginfo);
    const handler = actions.handler(signal);
    const steps = task.stepsItself;
    const stop = this.enter(task, signal, () => {
      this.recording.emit(task, { ...base, disposition: "fatal", writes: [], after: at.registers });
    });
    if (!isTrap(stop) || task.pc !== handler) {
      // The frame could not be written: the kernel forces SIGSEGV (signal_setup_done).
      // One that it can't even tell of by a handler has lost its own (force_sigsegv, force_sig_info_to_task).
      if (signal === SIG.SIGSEGV) actions.reset(signal);
      invariant(
        stop.kind === "signal" && stop.signal === SIG.SIGSEGV,
        `stop by ${stop.kind} on the way into a handler`,
      );
      return this.deliver(
        task,
        { signal: stop.signal, siginfo: tracer.signalInfo(task).siginfo },
        { point: at.point, forced: true, registers: at.registers, atSignalStop: true },
      );
    }
    actions.delivered(signal);
    enterHandler(task);
    const after = task.view(handler);
    if (!steps) clearStep(task);
    mendFault(task, isFault && !task.frameRefused && !at.isStep);
    mendFloatingPlace(task);
    task.frameRefused = false;
    const { address, length } = frameOf(task, stackPointerOf(at.registers));
    const frame = this.recording.snapshot(task.space, address, length);
    invariant(frame, "a signal frame that can't be read");
    const writes = [...own.writes, ...(at.interrupted?.writes ?? []), frame];
    this.recording.emit(task, { ...base, disposition, writes, after });
    setPc(task, handler);
    return "handled";
  }

  /** Ends a task that was interrupted in a sequence (rseq) that is none: no handler gets its SIGSEGV. */
  endBroken(task: RecordedTask, at: DeliveryPoint): Delivery {
    this.makeFatal(task, SIG.SIGSEGV);
    return this.deliver(task, brokenSequence(), { ...at, forced: true });
  }

  /**
   * Lets the kernel bring a task to the first instruction of a handler.
   *
   * @param fatal Called if it dies of the signal instead: what the kernel forces on a task that blocks it takes its handler
   *   away, and nobody hears of that before.
   */
  private enter(task: RecordedTask, signal: number, fatal: () => void): LiveStop {
    try {
      return this.recording.tracer.advance(task, PTRACE.SINGLESTEP, signal);
    } catch (error) {
      const status = error instanceof TaskGone ? error.status : undefined;
      const end = status === undefined ? undefined : waitStatus(status);
      if (end?.kind === "killed" && end.signal === signal) fatal();
      throw error;
    }
  }

  private disposition(task: RecordedTask, signal: number, forced: boolean): Disposition {
    const { actions } = task.process;
    if (!forced) {
      const disposition = actions.disposition(signal);
      const isSpared = isFirstOfNamespace(task.process) && !UNREFUSED.includes(signal);
      return isSpared && disposition !== "handler" ? "ignored" : disposition;
    }
    return signal === SIG.SIGTRAP && task.trap.blocked ? "fatal" : actions.forcedDisposition(signal);
  }

  private setSigInfo(task: RecordedTask, siginfo: Uint8Array): void {
    this.info.u8.set(siginfo);
    request(task, (tid) => setSigInfo(tid, this.info));
  }
}
