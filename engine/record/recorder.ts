/**
 * The recorder: runs one task at a time out of the code cache and writes down all that does not follow from the program.
 *
 * The way of an event: a task stops (`Tracer.run`), the handler here or in `call-recorder.ts` finds out what happened, does or lets
 * happen what the program asked for, and writes one event (`Recording.emit`). Between two stops nothing is recorded, since nothing
 * happens that replay would not do by itself.
 */
import { ERRNO, isErrno, PTRACE, SIG, WAIT } from "../../ffi/mod.ts";
import { leaveCall } from "../arch/x86_64/call-abi.ts";
import { pcOf } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import { arm, armUpTo, UNLIMITED } from "../tracee/budget.ts";
import { type SignalInfo, TaskGone } from "../tracee/controller.ts";
import { faultingState, tellPlace } from "../tracee/fault.ts";
import { stopAtGadget } from "../tracee/gadget.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { Stop, Tracer } from "../tracee/tracer.ts";
import { TICK_COUNTERS } from "../translate/context.ts";
import { CallRecorder } from "./call-recorder.ts";
import { Deaths } from "./deaths.ts";
import type { DeliveryPoint } from "./delivery.ts";
import { FrameRoom } from "./frame-room.ts";
import { InstructionRecorder } from "./instruction-recorder.ts";
import { JobControl, LOOK_MS } from "./job-control.ts";
import { type LeftProcess, leftProcesses } from "./left-processes.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { PlannedSignals } from "./planned-signals.ts";
import { type Entry, isAtSafePoint, type RecordedTask, setPc } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { brokenOff, type RecordingEnd } from "./recording-end.ts";
import { SignalRecorder } from "./signal-recorder.ts";
import { stepPoint, stepSignal } from "./single-steps.ts";
import { type EndlessWatch, Standstill } from "./standstill.ts";
import { StopRequest } from "./stop-request.ts";
import { SyscallRecorder } from "./syscall-recorder.ts";
import { comesTooSoon, isTimers, LEAST_PROGRESS, original } from "./timer-signals.ts";
import type { PlaceStop } from "./traced/places.ts";
import { WokenTasks } from "./woken-tasks.ts";

/** Records one program, from its spawn to the end of its first process. */
export class Recorder {
  private readonly lifecycle: Lifecycle;
  private readonly deaths: Deaths;
  private readonly signals: SignalRecorder;
  private readonly calls: CallRecorder;
  private readonly jobs: JobControl;
  private readonly stopRequest: StopRequest;
  private readonly instructions: InstructionRecorder;
  private readonly frames: FrameRoom;
  private readonly woken: WokenTasks;
  /** Stopped between two points. Nothing else is looked at before it is at the next one: events would have to say where it stands. */
  private offSafePoint: RecordedTask | undefined;
  private left: readonly LeftProcess[] = [];

  /** @param first The program's first task, at its first instruction. */
  constructor(
    private readonly recording: Recording,
    private readonly first: RecordedTask,
    private readonly planned: PlannedSignals,
    private readonly endless: EndlessWatch,
    /** Goes on until the last process has ended, not the first one. */
    private readonly wait = false,
  ) {
    this.lifecycle = new Lifecycle(recording, first);
    const jobs = new JobControl(recording);
    this.jobs = jobs;
    this.signals = new SignalRecorder(recording, jobs);
    this.frames = new FrameRoom(recording.tracer);
    this.deaths = new Deaths(recording, first.process);
    this.stopRequest = new StopRequest(recording, first);
    this.calls = new CallRecorder(
      recording,
      this.lifecycle,
      this.deaths,
      this.signals,
      jobs,
      new SyscallRecorder(recording),
      this.stopRequest,
    );
    this.woken = new WokenTasks(recording, () => this.takeStops());
    this.instructions = new InstructionRecorder(recording, {
      deliver: (task, stashed, at) => this.deliver(task, stashed, at),
      fault: (task, stashed, address) => this.fault(task, stashed, address),
    });
    recording.onStrayStop = (task, stop) => this.strayStop(task, stop);
  }

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** Records from the first instruction of the first process to its end, or to that of the last one. */
  run(): RecordingEnd {
    const end = this.runToEnd();
    const { places } = this.stopRequest;
    return { ...end, ...(places && { places }), ...(this.left.length > 0 && { left: this.left }) };
  }

  /** Whether there is something left to record. */
  private get goesOn(): boolean {
    return this.recording.tasks.size > 0 && (this.wait || this.deaths.rootStatus === undefined);
  }

  private runToEnd(): RecordingEnd {
    try {
      this.outliving(() => {
        this.lifecycle.onExec(this.first);
        const { calls, writer } = this.recording;
        calls.install(this.first);
        if (calls.without !== undefined) writer.describe({ allStop: calls.without });
      });
      while (this.goesOn) this.outliving(() => this.turn());
      this.left = leftProcesses(this.recording.tasks.values());
    } catch (error) {
      if (error instanceof Standstill) this.stopRequest.notePlaces();
      return brokenOff(error, this.recording);
    } finally {
      this.woken[Symbol.dispose]();
      this.lifecycle.killAll();
    }
    return { reason: "exited", status: this.deaths.rootStatus ?? 0, message: "" };
  }

  /** Does a step of the recording, in which a task may be killed at any moment. */
  private outliving(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof TaskGone) this.deaths.found(this.recording.own(error.task), error.status);
      else if (!isErrno(error, "ESRCH") || !this.deaths.findAny()) throw error;
      if (this.offSafePoint && !this.recording.tasks.has(this.offSafePoint.tid))
        this.offSafePoint = undefined;
    }
  }

  /** One stop of one task. */
  private turn(): void {
    this.recording.onProgress?.(this.recording.totals.events, this.recording.ticksSoFar);
    this.recording.binding.refresh(this.recording.tasks.values());
    const task = this.offSafePoint ?? this.next();
    if (task) this.step(task);
    else if (this.jobs.any || this.recording.traced.anyListens) {
      // Nobody says when a stopped process is to go on.
      if (!this.waitForAny(WAIT.NOHANG)) Bun.sleepSync(LOOK_MS);
    } else if (this.recording.tasks.size > 0)
      this.endless.wait(this.recording.tasks.values(), (options) => this.waitForAny(options));
  }

  /** The task to run now: ready ones take turns; tasks whose system calls have ended join them first. */
  private next(): RecordedTask | undefined {
    const { recording } = this;
    this.jobs.look();
    recording.traced.carryOn();
    for (;;) {
      this.takeStops();
      if (this.calls.sleeping.letWriterIn()) continue;
      if (!recording.disturbed) {
        this.stopRequest.allAtSafePoint();
        return recording.schedule.first;
      }
      this.woken.letEnd();
    }
  }

  /** Acts on what tasks that are in the kernel have come to; the last of them may be found dead on the way. */
  private takeStops(): void {
    const { schedule, tasks } = this.recording;
    while (schedule.size < tasks.size && this.waitForAny(WAIT.NOHANG));
  }

  /**
   * Waits for a task that is blocked in the kernel.
   *
   * @returns False if none stopped (with NOHANG).
   */
  private waitForAny(options: number): boolean {
    const { control } = this.tracer;
    if (options === 0) this.recording.writer.maybeFlush();
    const tid = control.wait(-1, options);
    if (tid === 0) return false;
    if (tid === -ERRNO.EINTR) {
      this.stopRequest.received();
      return true;
    }
    invariant(tid > 0, `the wait for blocked tasks failed with ${tid}`);
    const task = this.recording.tasks.get(tid);
    if (task) this.calls.stopped(task);
    else this.lifecycle.stoppedEarly(tid);
    return true;
  }

  /** Runs a task up to its next stop and acts on that. */
  private step(task: RecordedTask): void {
    this.tracer.mapper.serve(task);
    this.recording.mark(task);
    const broken = this.offSafePoint === task ? undefined : this.recording.restartable.resumes(task);
    if (broken) {
      if (this.signals.endBroken(task, broken) === "dying") this.deaths.reap(task);
      return;
    }
    this.recording.interceptors.runs(task);
    if (!task.running) this.arm(task);
    const { entered } = task;
    task.entered = undefined;
    this.offSafePoint = undefined;
    this.act(task, this.runTask(task), entered);
  }

  private runTask(task: RecordedTask): Stop {
    return this.tracer.run(task, this.recording.calls.isOn ? PTRACE.CONT : PTRACE.SYSCALL);
  }

  /** @param entered Where it was put, if it has not gone on since. */
  private act(task: RecordedTask, stop: Stop, entered: Entry | undefined): void {
    const { ahead, calls } = this.recording;
    const done = stop.kind === "interrupted" ? 0 : calls.drain(task, stop.kind === "gone");
    if (done > 0) {
      task.returnedTo = -1;
      task.resumed = undefined;
    }
    switch (stop.kind) {
      case "poll":
        this.poll(task, stop.trap.counter, stop.trap.pc);
        break;
      case "syscall":
        // It may have woken others on its way: what they do comes before this call.
        if (stop.site && this.recording.disturbed) {
          this.stopRequest.arrived(task, { point: "syscall", registers: stop.site.registers });
          while (this.recording.disturbed) this.woken.letEnd();
          if (this.recording.tasks.get(task.tid) !== task) break;
        }
        if (stop.site) this.endless.saw(stop.site.number);
        this.calls.enter(task, stop.site);
        if (ahead.carries(task, done)) this.offSafePoint = task;
        else this.recording.schedule.hadEvent(task, 1 + done);
        break;
      case "signal":
        this.signal(task, stop.info, done > 0 ? undefined : entered);
        break;
      case "groupStop":
        // Another task of its process has begun the stop; this one may be between two points.
        task.joining = true;
        this.offSafePoint = task;
        break;
      case "instruction":
        this.instructions.record(task, stop.trap);
        this.recording.schedule.hadEvent(task);
        break;
      case "step":
        this.deliver(task, stepSignal(stop.pc), stepPoint(task, stop.pc));
        break;
      case "gone":
        this.deaths.gone(task, stop.status);
        break;
      case "interrupted":
        this.offSafePoint = task;
        this.stopRequest.received(task);
        break;
      case "stop":
        this.place(task, this.recording.tracedPlaces.atPlace(task));
        break;
      case "watch":
        this.place(task, this.recording.tracedPlaces.atAccess(task));
        break;
    }
  }

  /** A task has stopped by debug registers; undefined if it goes on. */
  private place(task: RecordedTask, stop: PlaceStop | undefined): void {
    if (stop) this.deliver(task, stop.stashed, stop.where);
    else this.offSafePoint = task;
  }

  /** Ticks at which a task has to be stopped exactly; undefined if it may run on. */
  private exactStop(task: RecordedTask): number | undefined {
    const [asked, planned] = [this.recording.interceptors.nextStop(task), this.planned.next(task)];
    return asked === undefined || (planned !== undefined && planned < asked) ? planned : asked;
  }

  /** How far a task may run: to the end of its slice, or to the place of a signal that is known ahead. */
  private arm(task: RecordedTask): void {
    const [stashed] = task.stashed;
    const isDue = task.joining || (stashed !== undefined && !comesTooSoon(task, stashed));
    const { schedule, tasks } = this.recording;
    const slice = isDue ? 1 : stashed ? LEAST_PROGRESS : schedule.budget(tasks.size === 1);
    const interrupt = isDue ? undefined : this.exactStop(task);
    if (interrupt === undefined) arm(task, () => slice, slice);
    else armUpTo(task, Math.min(interrupt, task.ticks + slice * TICK_COUNTERS), slice);
  }

  private poll(task: RecordedTask, point: "tick" | "jump", pc: number): void {
    const registers = task.view(pc);
    this.stopRequest.arrived(task, { point, registers });
    this.recording.writer.maybeFlush();
    const { interceptors, schedule } = this.recording;
    const brings = interceptors.arrived(task);
    const planned = point === "tick" && this.planned.arrived(task);
    // Signals that are known ahead come right here: a stop in no code lets them in.
    if (brings || planned) stopAtGadget(this.tracer, task);
    const isKnown = brings || planned;
    if (!isKnown && task.stashed[0] && comesTooSoon(task, task.stashed[0])) {
      if (task.joining) this.jobs.join(task);
      return;
    }
    const stashed = task.stashed.shift();
    if (stashed) this.deliver(task, stashed, { point, registers, atSignalStop: true });
    else if (task.joining) this.jobs.join(task);
    else if (this.exactStop(task) !== undefined) schedule.hadEvent(task);
    else {
      this.recording.restartable.sliceEnds();
      if (point === "jump" || interceptors.any || task.stepsItself) schedule.rotate();
      else this.endTurn(task, schedule.steps());
    }
  }

  /**
   * Ends the turn of a task that stands at a branch, so many instructions further; no event of its own is on the way, or
   * its turn goes on there.
   */
  private endTurn(task: RecordedTask, count: number): void {
    const { recording } = this;
    const from = task.ticks;
    if (count > 0) task.leaveForStop();
    for (let done = 0; done < count; ) {
      if (!task.running) arm(task, () => UNLIMITED);
      task.isStepping = true;
      const stop = this.runTask(task);
      task.isStepping = false;
      if (stop.kind === "stop") done++;
      else {
        this.act(task, stop, undefined);
        // Else it is in the midst of the instruction still, and has a signal for later.
        if (this.offSafePoint !== task) return;
        this.offSafePoint = undefined;
      }
    }
    if (count > 0) {
      const pc = task.leaveStop();
      setPc(task, pc);
      recording.ran(task, { point: "step", registers: task.view(pc), steps: { from, count } });
      // Even if the next turn is its own: where it goes on decides at which instruction the next branch is counted.
      recording.mark(undefined);
    }
    recording.schedule.rotate();
  }

  private deliver(task: RecordedTask, stashed: StashedSignal, at: DeliveryPoint): void {
    if (this.signals.deliver(task, stashed, at) === "dying") this.deaths.reap(task);
  }

  /**
   * The kernel wants to deliver a signal, wherever in a translation the task may be. Those that are pending together
   * come one on top of the other, before the first instruction of a handler.
   */
  private signal(task: RecordedTask, info: SignalInfo, entered: Entry | undefined): void {
    const { fault, address } = info;
    const stashed = this.recording.traced.arrived(task, original(task, info));
    const { pc } = task;
    if (stashed === undefined) {
      // It was to be broken off in a call that it has ended since.
      this.offSafePoint = task;
    } else if (fault) {
      this.fault(task, stashed, address);
    } else if (pc === task.returnedTo) {
      const site = task.space.cacheSpace.cache.syscallAt(pc);
      invariant(site, "return to a place that is no system call");
      const registers = task.view(site.next);
      leaveCall(registers, site.next);
      this.deliver(task, stashed, { point: "return", registers, atSignalStop: true });
    } else if (entered && isAtSafePoint(task, entered) && !isTimers(stashed)) {
      const registers = task.view(entered.pc);
      this.deliver(task, stashed, { point: "return", registers, atSignalStop: true });
    } else {
      this.signals.stash(task, stashed);
      task.returnedTo = -1;
      this.offSafePoint = task;
    }
  }

  private fault(task: RecordedTask, stashed: StashedSignal, address: number): void {
    const isGuarded = stashed.signal === SIG.SIGSEGV && this.tracer.text.unguard(task, address);
    if (isGuarded || this.frames.clears(task)) {
      this.offSafePoint = task;
      return;
    }
    this.recording.interceptors.faults(task);
    const { registers } = faultingState(task);
    tellPlace(stashed, task.pcBits, pcOf(registers));
    this.deliver(task, stashed, { point: "fault", registers, atSignalStop: true });
  }

  /** A stop that got in the way of an injected system call. */
  private strayStop(task: RecordedTask, stop: LiveStop): void {
    invariant(stop.kind === "signal", `stop by ${stop.kind} in an injected system call`);
    const stashed = this.recording.traced.arrived(task, original(task, this.tracer.signalInfo(task)));
    if (stashed) this.signals.stash(task, stashed);
  }
}
