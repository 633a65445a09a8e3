/** The way of a system call while recording: from its entry through sleep, signals and restarts to its event. */
import { ERRNO, PTRACE, SYSCALLS } from "../../ffi/mod.ts";
import { leaveCall, SYSCALL_LENGTH } from "../arch/x86_64/call-abi.ts";
import { invariant, Unsupported } from "../engine-error.ts";
import { syscallSpec, wakesWhom } from "../kernel/mod.ts";
import type { Registers } from "../trace/events.ts";
import type { CallSite } from "../tracee/call-site.ts";
import { TaskGone } from "../tracee/controller.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import { endsThreads, isExec, returnFromHandler } from "./call-kinds.ts";
import { cancelCall, skipCall } from "./cancelled-call.ts";
import type { Deaths } from "./deaths.ts";
import type { DeliveryPoint } from "./delivery.ts";
import { engineInWay, makeWay } from "./engine-way.ts";
import type { JobControl } from "./job-control.ts";
import { diesInExecve, isTaskOf } from "./kernel-state.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { markWaitedFor, waitsForLock } from "./lock-waiter.ts";
import { changeMask } from "./mask-call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { answerRseq } from "./rseq-call.ts";
import type { SignalRecorder } from "./signal-recorder.ts";
import { SleepingCalls } from "./sleeping-calls.ts";
import type { StopRequest } from "./stop-request.ts";
import { mayKill, type SyscallRecorder } from "./syscall-recorder.ts";
import { comesTooSoon, giveBack, original } from "./timer-signals.ts";
import { GoingOn } from "./traced/going-on.ts";
import { registersBehind } from "./traced/tracees.ts";
import { type CallWays, TracerCalls } from "./traced/tracer-calls.ts";
import { originalTrap, sendPendingTrap } from "./trap-signal.ts";
import { WithheldCalls } from "./withheld-calls.ts";

/** Results of a call that a signal broke off: ERESTARTSYS to ERESTART_RESTARTBLOCK (linux/errno.h). */
const FIRST_RESTART = -512;
const LAST_RESTART = -516;
/** What a wait that is broken off has as its result. */
const ERESTARTSYS = -512n;

/** Takes a task from the entry of a system call to the event of its end, whatever comes between. */
export class CallRecorder {
  /** The calls that tasks are left to the kernel in. */
  readonly sleeping: SleepingCalls;
  private readonly withheld: WithheldCalls;
  private readonly tracers: TracerCalls;

  constructor(
    private readonly recording: Recording,
    private readonly lifecycle: Lifecycle,
    private readonly deaths: Deaths,
    private readonly signals: SignalRecorder,
    private readonly jobs: JobControl,
    private readonly syscalls: SyscallRecorder,
    private readonly stopRequest: StopRequest,
  ) {
    this.sleeping = new SleepingCalls(recording, (task) => this.stopped(task));
    this.withheld = new WithheldCalls(
      recording,
      deaths,
      signals,
      (task) => cancelCall(this.tracer, task),
      (task) => this.sleeping.letSleep(task),
    );
    const ways: CallWays = {
      begin: (task, site) => this.begin(task, site),
      cancel: (task) => cancelCall(this.tracer, task),
      letSleep: (task) => this.sleeping.letSleep(task),
      finish: (task, call) => this.finish(task, call),
    };
    this.tracers = new TracerCalls(recording, ways);
    new GoingOn(recording, signals, deaths, jobs, ways);
    recording.ahead.keeper = syscalls;
    recording.finishOutput = (process) => this.sleeping.finishOutput(process);
  }

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** A task has come to a system call. */
  enter(task: RecordedTask, site: CallSite | undefined): void {
    if (site === undefined) {
      throw new Unsupported(
        `Cannot go on: the program made a system call at 0x${task.pcBits.toString(16)}, which is no translation of its own text: ` +
          "it has changed the engine's memory, or runs it",
      );
    }
    const { number, registers } = site;
    this.stopRequest.arrived(task, { point: "syscall", registers });
    task.returnedTo = -1;
    // A birth is broken off by any signal that is there (copy_process in kernel/fork.c): it comes first, without them.
    const isNext = this.tracers.comesFirst(task, site);
    const isFirst = task.stashed[0] !== undefined && (isNext || comesTooSoon(task, task.stashed[0]));
    if (isFirst && syscallSpec(number)?.task !== "birth") {
      this.signals.release(task);
      giveBack(task);
    }
    const stashed = isFirst ? undefined : task.stashed.shift();
    if (stashed) {
      cancelCall(this.tracer, task);
      task.load(registers);
      const delivery = this.signals.deliver(task, stashed, {
        point: "syscall",
        registers,
        atSignalStop: false,
      });
      if (delivery === "dying") this.deaths.reap(task);
      // Ignored signals, and stops, leave the task in front of its call; handlers return to it.
      else if (delivery !== "handled") task.jumpTo(site.pc);
      return;
    }
    if (task.joining) {
      cancelCall(this.tracer, task);
      task.load(registers);
      task.jumpTo(site.pc);
      this.jobs.join(task);
      return;
    }
    if (!this.recording.tracedStops.atEntry(task, site)) this.begin(task, site);
  }

  /** A task stands at the entry of a system call, and nothing comes before it. */
  begin(task: RecordedTask, site: CallSite): void {
    const call = this.syscalls.begin(task, site);
    task.call = call;
    const sleeps = task.sleepsAt === site.pc;
    task.sleepsAt = undefined;
    const { interceptors } = this.recording;
    const judgement = interceptors.judges(task, call);
    if (judgement && this.withheld.end(task, call, judgement)) return;
    const way = call.spec?.task;
    if (way === "exit" || way === "exitGroup") {
      if (this.recording.tracedStops.atExit(task, call)) return;
      if (way === "exitGroup") this.recording.finishOutput(task.process);
      this.deaths.exit(task, call);
      return;
    }
    if (this.clearsOutputs(task, call) || this.makesWay(task, call)) {
      if (task.call && task.tracing) task.tracing.passesEntry = true;
      return;
    }
    interceptors.arrived(task);
    const intercepted = interceptors.answers(task, call);
    if (intercepted) {
      cancelCall(this.tracer, task);
      task.result = intercepted();
      this.finish(task, call);
      return;
    }
    if (this.tracers.answers(task, call, sleeps)) return;
    const answer =
      this.syscalls.answer(task, call) ??
      changeMask(task, call) ??
      answerRseq(this.recording.binding, task, call);
    if (answer !== undefined) {
      skipCall(this.tracer, task);
      task.result = answer;
      this.finish(task, call);
      return;
    }
    this.syscalls.prepare(task, call);
    interceptors.enters(task, call);
    sendPendingTrap(task, call);
    this.recording.effects?.before(task, call);
    this.perform(task, call);
  }

  /**
   * Makes room for what the kernel is going to write where text has been translated: the task comes to its call
   * once more, with that text writable.
   */
  private clearsOutputs(task: RecordedTask, call: Call): boolean {
    const { text } = this.tracer;
    const ranges = this.syscalls.possibleOutputs(task, call);
    if (!text.guardsAny(task.space, ranges)) return false;
    const { cacheSpace } = task.space;
    cancelCall(this.tracer, task);
    task.load(call.registers);
    text.allowWrites(task, ranges);
    // Not by a new translation: if that is in the same page, it would be guarded once more.
    if (task.space.cacheSpace === cacheSpace) {
      task.pcBits -= BigInt(SYSCALL_LENGTH);
      task.position = { kind: "cache", pc: call.pc };
    } else task.jumpTo(call.pc);
    return true;
  }

  /** Takes the engine's own memory out of the way of what a call is about: the task comes to it once more. */
  private makesWay(task: RecordedTask, call: Call): boolean {
    const range = engineInWay(task, call);
    if (!range) return false;
    cancelCall(this.tracer, task);
    task.load(call.registers);
    const result = makeWay(this.tracer, task, call, range);
    if (result === undefined) {
      task.jumpTo(call.pc);
    } else {
      task.result = result;
      this.finish(task, call);
    }
    return true;
  }

  /** Lets the kernel do the call; a call that may sleep makes room for other tasks. */
  private perform(task: RecordedTask, call: Call): void {
    if (endsThreads(task, call)) {
      this.performAlone(task, call);
      return;
    }
    if (mayKill(call)) {
      this.recording.finishOutput();
      for (const other of this.recording.tasks.values()) this.deaths.expect(other);
    }
    if (this.recording.ahead.begin(task, call)) return;
    if (this.entersOutput(task, call) === "waits") return;
    if (this.syscalls.maySleep(task, call)) {
      if (waitsForLock(call)) markWaitedFor(this.recording, task, call);
      this.recording.schedule.block(task);
      this.sleeping.letSleep(task);
      return;
    }
    for (;;) {
      const waited = this.tracer.resumeAndWait(task, PTRACE.SYSCALL);
      if (waited === -ERRNO.EINTR) {
        this.recording.schedule.block(task);
        this.stopRequest.received();
        return;
      }
      if (waited !== task.tid) throw new TaskGone(task);
      const stop = this.tracer.takeStop(task);
      if (stop.kind === "ended") throw new TaskGone(task, stop.status);
      if (this.progress(task, stop) === "ended") return;
    }
  }

  /** A task stands at the entry of a call: if it writes to the recording's output, others' output may go first. */
  private entersOutput(task: RecordedTask, call: Call): "goes on" | "waits" {
    const { outputTurns, schedule } = this.recording;
    if (!this.syscalls.showsOutput(task, call) || outputTurns.enter(task)) return "goes on";
    schedule.block(task, "queued");
    return "waits";
  }

  /**
   * Lets the kernel do an execve that the other threads of the process do not survive. They stand still until it
   * is known whether it succeeds; then the task is the leader, whoever it was.
   */
  private performAlone(task: RecordedTask, call: Call): void {
    const { process } = task;
    const { schedule, tasks } = this.recording;
    const paused = [...process.tasks].filter(({ state }) => state === "ready");
    for (const thread of paused) schedule.block(thread);
    this.recording.finishOutput(process);
    this.tracer.release(task, PTRACE.SYSCALL);
    while (task.call === call && tasks.get(task.tid) === task) {
      const tid = this.tracer.waitFor(-1);
      if (tid < 0) throw new TaskGone(task);
      if (tid === process.pid && !isTaskOf(process.pid, task.tid)) this.deaths.deThread(task);
      const stopped = tasks.get(tid);
      if (stopped) this.stopped(stopped);
      else this.lifecycle.stoppedEarly(tid);
    }
    for (const thread of paused) if (tasks.get(thread.tid) === thread) schedule.unblock(thread);
  }

  /** A task that was left to the kernel has stopped or died, as the last wait has found. */
  stopped(task: RecordedTask): void {
    const stop = this.tracer.takeStop(task);
    if (stop.kind === "ended") this.deaths.gone(task, stop.status);
    else if (this.progress(task, stop) === "goes on") this.tracer.release(task, PTRACE.SYSCALL);
  }

  /** A stop of a task that is in a system call. `ended` also if it is not to go on for now. */
  private progress(task: RecordedTask, stop: LiveStop): "goes on" | "ended" {
    const { call } = task;
    invariant(call, `task ${task.tid} stopped (${stop.kind}) without having been resumed`);
    switch (stop.kind) {
      case "exec":
        call.replaced = true;
        return "goes on";
      // It tells of a call that is started again, after the stop at its entry.
      case "filter":
        return "goes on";
      case "birth":
        return this.recording.tracedStops.atBirth(task, this.lifecycle.onClone(task, call), call)
          ? "ended"
          : "goes on";
      case "signal":
        if (!this.tracer.isGroupStop(task, stop)) return this.breakOff(task, call);
        this.recording.outputTurns.leave(task);
        this.jobs.join(task);
        return "ended";
      case "call":
        return this.progressed(task, call);
    }
  }

  /** A task stands at the end of its call, or at the entry once more. */
  private progressed(task: RecordedTask, call: Call): "goes on" | "ended" {
    if (call.restarting) {
      // The kernel restarted the call: this is its entry once more.
      call.restarting = false;
      this.syscalls.startsAgain(task, call);
      if (this.recording.tracedStops.again(task, call)) return "ended";
      return this.entersOutput(task, call) === "waits" ? "ended" : "goes on";
    }
    const result = Number(task.result);
    if (result <= FIRST_RESTART && result >= LAST_RESTART) {
      call.restarting = true;
      return "goes on";
    }
    this.recording.outputTurns.leave(task);
    if (isExec(call) && result < 0 && diesInExecve(task.tid)) {
      this.deaths.inExecve(task, call);
      return "ended";
    }
    this.recording.schedule.unblock(task);
    if (call.askedAt === undefined) this.finish(task, call);
    else this.withheld.told(task, call, call.askedAt);
    return "ended";
  }

  /** A signal has broken off a system call. */
  private breakOff(task: RecordedTask, call: Call): "goes on" | "ended" {
    const came = this.recording.traced.arrived(task, original(task, this.tracer.signalInfo(task)));
    if (this.tracers.hears(task, call, came)) return "ended";
    if (came === undefined) return "goes on";
    const stashed = originalTrap(task, came);
    invariant(call.restarting, `signal ${stashed.signal} in a system call that goes on`);
    call.result = -ERRNO.EINTR;
    const where: DeliveryPoint = {
      point: "interrupted",
      registers: call.registers,
      atSignalStop: true,
      interrupted: {
        number: call.number,
        result: call.sleeps ? ERESTARTSYS : task.result,
        writes: this.syscalls
          .outputs(task, call)
          .map(({ address, bytes }) => ({ address, bytes: bytes.slice() })),
      },
    };
    if (this.recording.tracedStops.broken(task, stashed, where)) return "ended";
    const delivery = this.signals.deliver(task, stashed, where);
    // Resumed without a signal, the kernel restarts the call by itself.
    if (delivery === "ignored") return "goes on";
    this.recording.outputTurns.leave(task);
    if (delivery === "stopped" || delivery === "held") return "ended";
    task.call = undefined;
    this.recording.notifications.end(task);
    if (delivery === "dying") this.deaths.reap(task);
    else this.recording.schedule.unblock(task);
    return "ended";
  }

  /** A signal that had to wait comes right after the call that let it. */
  private wake(task: RecordedTask, call: Call): void {
    const registers = task.view(call.next);
    leaveCall(registers, call.next);
    this.wakeAt(task, registers);
  }

  private wakeAt(task: RecordedTask, registers: Registers): void {
    const stashed = task.stashed.shift();
    invariant(stashed, "no signal is stashed");
    const delivery = this.signals.deliver(task, stashed, { point: "return", registers, atSignalStop: false });
    if (delivery === "dying") this.deaths.reap(task);
  }

  /** A system call has ended: its event is written and the task can go on. */
  private finish(task: RecordedTask, call: Call): void {
    task.call = undefined;
    task.returnedTo = task.pc;
    task.resumed = undefined;
    if (call.replaced) {
      const former = task.id;
      this.lifecycle.replaceProgram(task);
      if (!this.recording.tracedStops.atExec(task, former) && task.stashed.length > 0)
        this.wakeAt(task, registersBehind(task));
      return;
    }
    for (const { argument, value } of call.changed) task.setArgument(argument, value);
    this.syscalls.end(task, call);
    if (call.spec !== undefined) this.recording.woken |= wakesWhom(call.spec, call);
    const returns = call.spec?.task === "sigreturn";
    if (returns) returnFromHandler(task, call);
    if (this.recording.tracedStops.behind(task, call) || returns) return;
    if (task.stashed.length > 0) {
      this.wake(task, call);
    } else if (call.number === SYSCALLS.sched_yield) {
      this.recording.schedule.rotate();
    }
  }
}
