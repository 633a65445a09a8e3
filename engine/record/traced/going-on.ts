/**
 * How a task goes on that its tracer, another task of the recording, has let go: as if it had never been held where nothing
 * is different, else with the registers that the tracer has set, which is an event.
 */
import { kill, PTRACE, PTRACE_EVENT, SA, SI, SIG } from "../../../ffi/mod.ts";
import {
  programRegisters,
  registersInFront,
  registersOnward,
  stepping,
  wantedCall,
} from "../../arch/x86_64/traced-registers.ts";
import { VectorState } from "../../arch/x86_64/vector-state.ts";
import { Unsupported } from "../../engine-error.ts";
import type { Point, Registers } from "../../trace/events.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { StashedSignal } from "../../tracee/task.ts";
import type { Deaths } from "../deaths.ts";
import type { DeliveryPoint } from "../delivery.ts";
import type { JobControl } from "../job-control.ts";
import { userOf } from "../kernel-state.ts";
import { putRegisters } from "../put-registers.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import type { SignalRecorder } from "../signal-recorder.ts";
import { isWait } from "./tracees.ts";
import { type CallWays, putInFront } from "./tracer-calls.ts";
import { type Hold, type Release, siginfo, type Tracing } from "./tracing.ts";

/** Lets held tasks go on. */
export class GoingOn {
  readonly #vectors = new VectorState();

  constructor(
    private readonly recording: Recording,
    private readonly signals: SignalRecorder,
    private readonly deaths: Deaths,
    jobs: JobControl,
    private readonly calls: CallWays,
  ) {
    recording.traced.carrier = {
      letGo: (task, release) => this.letGo(task, release),
      abandon: (task) => this.#abandon(task),
      kill: (task) => this.#kill(task),
      leaveStop: (task) => jobs.leave(task),
    };
  }

  /** Lets a held task go on. */
  letGo(task: RecordedTask, { going, signal, detaches }: Release): void {
    const { tracing } = task;
    // It may have died in the meantime.
    if (this.recording.tasks.get(task.tid) !== task || !tracing?.hold) return;
    const { hold } = tracing;
    tracing.hold = undefined;
    const emulated = tracing.emulates;
    tracing.going = going;
    if (detaches) task.tracing = undefined;
    this.recording.tracer.mapper.serve(task);
    const steps = tracing.steps && !detaches;
    const passed = signal === 0 ? undefined : passedSignal(hold, signal, tracing);
    switch (hold.at.kind) {
      case "delivery": {
        const { where, comes, isKnown = false } = hold.at;
        const isSignal = hold.stop.kind === "signal";
        const at = { ...where, isPassed: comes === undefined || isKnown };
        this.#fromDelivery(task, hold, at, comes ?? (isSignal ? passed : undefined), steps);
        break;
      }
      case "entry":
        this.#fromEntry(task, hold, hold.at.site, emulated, steps);
        if (passed && hold.stop.kind === "entry") task.stashed.push(passed);
        break;
      case "behind":
        this.#fromBehind(task, hold, hold.at, passed, steps);
        break;
      case "birth":
        if (isChanged(hold)) throw registersAtBirth(task);
        this.recording.schedule.block(task);
        this.calls.letSleep(task);
        break;
    }
  }

  #fromDelivery(
    task: RecordedTask,
    hold: Hold,
    where: DeliveryPoint,
    passed: StashedSignal | undefined,
    steps: boolean,
  ): void {
    const isFault = where.point === "fault" && passed === undefined;
    if (isFault || where.point === "place" || steps || hold.endsStep || isChanged(hold)) {
      const handler = passed && handlerRestarts(task, passed.signal);
      const after = registersOnward(hold.registers, handler);
      const traps = steps && handler === undefined;
      this.#put(task, hold, where.point, where.registers, traps ? stepping(after) : after);
      if (passed) this.#deliver(task, passed, { ...behind(after), isPassed: where.isPassed ?? false }, steps);
      else this.recording.schedule.add(task);
    } else if (passed) this.#deliver(task, passed, where, steps);
    else this.#undisturbed(task);
  }

  /** Lets a task go on as if nothing had come. */
  #undisturbed(task: RecordedTask): void {
    const { call } = task;
    if (call === undefined) this.recording.schedule.add(task);
    else if (isWait(call.number)) putInFront(this.recording, task);
    else {
      this.recording.schedule.block(task);
      this.recording.disturbed = true;
      this.recording.tracer.release(task, PTRACE.SYSCALL);
    }
  }

  #deliver(task: RecordedTask, passed: StashedSignal, where: DeliveryPoint, steps: boolean): void {
    const { schedule } = this.recording;
    switch (this.signals.deliver(task, passed, where)) {
      case "dying":
        this.deaths.reap(task);
        break;
      case "handled":
        task.call = undefined;
        schedule.add(task);
        // A step into a handler ends at its first instruction (signal_setup_done in kernel/signal.c).
        if (steps) this.recording.tracedStops.atHandler(task);
        break;
      case "ignored":
        this.#undisturbed(task);
        break;
      case "stopped":
      case "held":
        break;
    }
  }

  #fromEntry(task: RecordedTask, hold: Hold, site: CallSite, isEmulated: boolean, steps: boolean): void {
    const { schedule, tracedStops } = this.recording;
    const { kind } = hold.stop;
    const isFilters = kind === "event" && hold.stop.event === PTRACE_EVENT.SECCOMP;
    const mayChange = kind === "entry" || isFilters;
    const skips = mayChange && ((kind === "entry" && isEmulated) || wantedCall(hold.registers) < 0);
    if (isFilters && !skips && task.tracing) task.tracing.passesFilter = true;
    if (!skips && !steps && !isChanged(hold)) {
      // One that the kernel starts once more has begun long ago.
      if (task.call) this.#undisturbed(task);
      else {
        schedule.add(task);
        this.calls.begin(task, site);
      }
      return;
    }
    schedule.add(task);
    this.calls.cancel(task);
    const after = skips ? programRegisters(hold.registers) : registersInFront(hold.registers);
    this.#put(task, hold, "syscall", site.registers, steps ? stepping(after) : after);
    if (!skips && task.tracing) task.tracing.passesEntry = true;
    else if (skips && !isEmulated) tracedStops.atEnd(task);
  }

  #fromBehind(
    task: RecordedTask,
    hold: Hold,
    at: { registers: Registers; endsCall?: boolean },
    passed: StashedSignal | undefined,
    steps: boolean,
  ): void {
    let { registers } = at;
    if (hold.endsStep || steps || isChanged(hold)) {
      registers = programRegisters(hold.registers);
      if (steps) registers = stepping(registers);
      this.#put(task, hold, "return", at.registers, registers);
    }
    if (at.endsCall && this.recording.tracedStops.atEnd(task)) return;
    const kind = hold.stop.kind;
    if (passed && (kind === "exit" || kind === "signal")) task.stashed.unshift(passed);
    const [next] = task.stashed;
    if (next === undefined) {
      this.recording.schedule.add(task);
      return;
    }
    task.stashed.shift();
    const isPassed = next === passed && kind === "signal";
    this.#deliver(task, next, { ...behind(registers), isPassed }, steps);
  }

  /** Gives a task the registers that its tracer has set; it is in no call from then on. */
  #put(task: RecordedTask, hold: Hold, point: Point, registers: Registers, after: Registers): void {
    task.call = undefined;
    const vectors = hold.setsVectors ? this.#vectors.save(task.tid) : undefined;
    putRegisters(this.recording, task, { point, registers, after, ...(vectors && { vectors }) });
  }

  #kill({ process }: RecordedTask): void {
    this.recording.finishOutput();
    for (const task of process.tasks) this.deaths.expect(task);
    this.recording.disturbed = true;
    if (process.tasks.size > 0) kill(process.pid, SIG.SIGKILL);
  }

  /** The tracer of a task is gone (exit_ptrace in kernel/ptrace.c, Linux 6.18). */
  #abandon(task: RecordedTask): void {
    const { tracing } = task;
    if (!tracing || this.recording.tasks.get(task.tid) !== task) return;
    const { hold } = tracing;
    if (tracing.has("EXITKILL")) this.#kill(task);
    else if (hold === undefined) task.tracing = undefined;
    else {
      const untold = hold.stop.kind === "signal" && !hold.isTold ? hold.stop.signal : 0;
      this.letGo(task, { going: "on", signal: untold, detaches: true });
    }
  }
}

/** Where a signal comes to a task that stands behind an event of its own. */
const behind = (registers: Registers): DeliveryPoint => ({
  point: "return",
  registers,
  atSignalStop: false,
  isPassed: true,
});

/** Whether a tracer has set any register. */
function isChanged({ registers, initial, setsVectors }: Hold): boolean {
  return setsVectors || registers.some((value, i) => value !== initial[i]);
}

/** A task that has just made another one is within its call, whose end would take the place of what was set. */
function registersAtBirth({ id }: RecordedTask): Unsupported {
  return new Unsupported(
    `Cannot go on: a tracer has set registers of task ${id} where it stopped by PTRACE_EVENT_FORK, VFORK or CLONE, ` +
      "which the embedded engine can't apply: let it set them at the end of the call",
  );
}

/** Whether the handler of a signal lets calls be begun again; undefined if it has none. */
function handlerRestarts({ process: { actions } }: RecordedTask, signal: number): boolean | undefined {
  if (actions.disposition(signal) !== "handler") return undefined;
  return (actions.flags(signal) & SA.RESTART) !== 0;
}

/** The signal that a tracer lets pass, as its task gets to know it (ptrace_signal in kernel/signal.c, Linux 6.18). */
function passedSignal({ stop }: Hold, signal: number, { tracer }: Tracing): StashedSignal {
  if (stop.kind === "signal" && stop.signal === signal) return { signal, siginfo: stop.siginfo };
  const isPrivate = stop.kind === "entry" || stop.kind === "exit";
  const sender = isPrivate ? 0 : tracer.process.pid;
  const user = isPrivate ? 0 : userOf(tracer.tid);
  return { signal, siginfo: siginfo(signal, isPrivate ? SI.KERNEL : SI.USER, sender, user) };
}
