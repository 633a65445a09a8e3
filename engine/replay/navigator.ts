/** Brings replayed tasks to the places of events, and checks that they got there as in the recording. */
import { PTRACE } from "../../ffi/mod.ts";
import { copyResult } from "../arch/x86_64/call-abi.ts";
import { pcOf } from "../arch/x86_64/registers.ts";
import { hasEarlyResult, registersAt } from "../arch/x86_64/vsyscall.ts";
import { invariant } from "../engine-error.ts";
import type { ExecEvent, ExitEvent, Registers, SwitchEvent, TraceEvent } from "../trace/events.ts";
import { arm, armUpTo, ticksLeft, UNLIMITED } from "../tracee/budget.ts";
import type { CallSite } from "../tracee/call-site.ts";
import { TaskGone } from "../tracee/controller.ts";
import { faultingState } from "../tracee/fault.ts";
import type { Stop, Tracer } from "../tracee/tracer.ts";
import { toWholeFlags } from "../tracee/whole-flags.ts";
import type { InstructionTrap } from "../translate/traps.ts";
import type { CallFeed } from "./call-feed.ts";
import { compare, Divergence, eventName, isSame } from "./divergence.ts";
import { fail, stoppedElsewhere } from "./elsewhere.ts";
import { type CountsReached, Halted, type Halts, isAsynchronous } from "./halt.ts";
import { countedAhead, type PointEvent } from "./points.ts";
import type { ReplayedTask } from "./replayed-task.ts";
import { isStray } from "./stray-signals.ts";
import { passesUnrecorded } from "./unrecorded-instruction.ts";

/** After this many back-jumps a task is looked at on its way to where it was killed: it may be there, in a loop without ticks. */
const JUMPS_TO_DEATH = 1_000_000;

/** Ticks per counter after which a debugger is asked whether it wants to break in: some milliseconds. */
const PAUSE = 2_000_000;

/** Runs a task to the place of an event. Failures are thrown as Divergence. */
export class Navigator {
  /** Index of the event that is being replayed. */
  index = -1;

  /** App pc of the place that a task is on its way to. */
  #sought: number | undefined;

  /** Set by a debugger: asked where a task may be halted. All that brings tasks somewhere throws {@link Halted} then. */
  halts: Halts | undefined;

  constructor(
    private readonly tracer: Tracer,
    private readonly calls: CallFeed,
  ) {}

  /** Lets a task run until its next stop that matters, at most up to the ticks of the event. */
  private advance(task: ReplayedTask, event: TraceEvent, arm: () => void): Stop {
    task.returned = undefined;
    // Once: a poll that is left comes again, and would do so for ever.
    if (task.isStale && !task.running && task.isInCache) task.leaveCache();
    task.isStale = false;
    const ahead = countedAhead(event);
    for (;;) {
      if (!task.running) arm();
      const stop = this.tracer.run(task, PTRACE.SYSEMU);
      if (stop.kind === "gone") throw new TaskGone(task, stop.status);
      if (stop.kind === "stop" || stop.kind === "watch") {
        const reason = stop.kind === "stop" ? stop.reason : stop.kind;
        if (stop.kind === "stop" && task.between?.pc === this.#sought) return stop;
        if (this.halts?.(task, reason)) throw new Halted(task, reason);
        continue;
      }
      if (isStray(this.tracer, task, stop)) continue;
      if (stop.kind === "poll" && this.halts?.(task, "pause")) throw new Halted(task, "pause");
      if (stop.kind === "poll" && task.ticks < event.ticks + ahead && stop.trap.counter === "tick") {
        if (isAsynchronous(event)) return stop;
        continue;
      }
      if (stop.kind === "interrupted") {
        this.tracer.onInterrupt();
        continue;
      }
      if (stop.kind === "instruction" && passesUnrecorded(this.tracer, task, event, stop.trap)) continue;
      // A call that the stub has left, though it has one to do.
      if (stop.kind === "syscall" && !this.calls.isDone(task)) this.atSite(task, event, stop.site);
      return stop;
    }
  }

  /** How far a task goes in one go that is to come to a tick. */
  private milestone(task: ReplayedTask, ticks: number): number {
    return this.halts ? Math.min(ticks, task.ticks + PAUSE) : ticks;
  }

  private armLoosely(task: ReplayedTask, event: TraceEvent, ahead = 0): void {
    const left = ticksLeft(task, event.ticks) + ahead;
    arm(task, () => Math.min(left + 1, this.halts ? PAUSE : left + 1));
  }

  fail(event: TraceEvent, task: ReplayedTask, what: string): never {
    fail(this.index, event, task, what);
  }

  /** A task has come to its event: it has done all the calls without a stop that come before. */
  private arrived(task: ReplayedTask, ticks: number, registers: Registers): void {
    if (this.calls.isDone(task)) return;
    const { index, event } = this.calls.missing(task, registers);
    compare(event, index, ticks, registers);
    throw new Divergence(
      index,
      `mismatch at event ${index} (${eventName(event)}): the program did something else ` +
        `(task ${event.task}, ticks ${ticks}, pc 0x${pcOf(registers).toString(16)})`,
    );
  }

  /** Brings a task to its next system call, unanswered. */
  private approachSyscall(task: ReplayedTask, event: TraceEvent): CallSite {
    if (task.site) return task.site;
    const stop = this.advance(task, event, () => this.armLoosely(task, event));
    if (stop.kind !== "syscall") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    task.site = this.atSite(task, event, stop.site);
    return task.site;
  }

  /** The system call that a task has stopped at, for which it must have done all others. */
  private atSite(task: ReplayedTask, event: TraceEvent, site: CallSite | undefined): CallSite {
    if (site === undefined)
      this.fail(event, task, "the program made a system call that is not in its own text");
    this.arrived(task, task.ticks, site.registers);
    return site;
  }

  /** Brings a task to the system call of an event, unanswered. */
  toSyscall(task: ReplayedTask, event: TraceEvent): CallSite {
    const site = this.approachSyscall(task, event);
    compare(event, this.index, task.ticks, site.registers);
    return site;
  }

  /** Brings a task to an execve that succeeded. The event has the registers after it: only ticks are compared. */
  toExec(task: ReplayedTask, event: ExecEvent): void {
    this.approachSyscall(task, event);
    task.site = undefined;
    compare(event, this.index, task.ticks, event.registers);
  }

  /** Brings a task to an asynchronous point. */
  toPoint(task: ReplayedTask, event: PointEvent): void {
    if (task.arrived === undefined) this.approachPoint(task, event);
  }

  private approachPoint(task: ReplayedTask, event: PointEvent): void {
    switch (event.point) {
      case "syscall":
      case "interrupted":
        this.toSyscall(task, event);
        return;
      case "return": {
        if (task.returned === undefined || !this.calls.isDone(task))
          this.fail(event, task, "the task is not right behind an event");
        this.arrive(task, event, task.view(task.returned));
        return;
      }
      case "fault":
        this.toFault(task, event);
        return;
      case "tick":
        this.toTick(task, event);
        return;
      case "jump":
        this.toJump(task, event);
        return;
      case "step":
        this.toStep(task, event);
        return;
      case "place":
        this.toPlace(task, event);
        return;
    }
  }

  /** Brings a task to where its registers are those of an event, for the first time from where it stands. */
  private toPlace(task: ReplayedTask, event: PointEvent): void {
    const { mapper } = this.tracer;
    const wanted = mapper.stops.has(Number(pcOf(event.registers)));
    const before = new Set(mapper.stops);
    this.#sought = Number(pcOf(event.registers));
    if (mapper.stopAt(new Set([...before, this.#sought]))) task.isStale = true;
    try {
      if (!task.running && !task.isInCache) task.leaveForStop();
      while (!this.isAtPlace(task, event))
        if (wanted && task.between && this.halts?.(task, "breakpoint")) throw new Halted(task, "breakpoint");
    } finally {
      this.#sought = undefined;
      mapper.stopAt(before);
    }
    const pc = task.leaveStop();
    this.arrive(task, event, task.view(pc));
  }

  /** Lets a task run to the place that is sought. @returns Whether it is the event's. */
  private isAtPlace(task: ReplayedTask, event: PointEvent): boolean {
    const stop = this.advance(task, event, () => this.armLoosely(task, event, 1));
    if (stop.kind !== "stop") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    const { between } = task;
    invariant(between, "a task at a stop stands between two instructions");
    return task.retiredTicks === event.ticks && isSame(task.view(between.pc), event.registers);
  }

  /** Brings a task from a branch to so many instructions further. A debugger may halt it behind each of them. */
  private toStep(task: ReplayedTask, event: PointEvent): void {
    const { steps } = event as SwitchEvent;
    invariant(steps, "the reader gives a switch at a step its steps");
    this.beginSteps(task, event as SwitchEvent);
    while ((task.stepped ?? 0) < steps.count) this.stepOnce(task, event);
    const { between } = task;
    invariant(between, "a task behind a step stands between two instructions");
    const registers = task.view(between.pc);
    this.arrived(task, task.retiredTicks, registers);
    compare(event, this.index, task.retiredTicks, registers);
    task.arrived = registers;
    task.stepped = undefined;
  }

  /** Brings a task to the branch from which its steps are counted, if it has not been there. */
  private beginSteps(task: ReplayedTask, event: SwitchEvent): void {
    if (task.stepped !== undefined) return;
    const from = event.steps?.from ?? event.ticks;
    this.pollTick(task, { ...event, point: "tick", ticks: from });
    task.leaveForStop();
    task.stepped = 0;
  }

  private stepOnce(task: ReplayedTask, event: TraceEvent): void {
    const isWanted = task.isStepping;
    for (;;) {
      if (!task.running) arm(task, () => UNLIMITED);
      task.isStepping = true;
      const stop = this.tracer.run(task, PTRACE.SYSEMU);
      task.isStepping = isWanted;
      if (stop.kind === "gone") throw new TaskGone(task, stop.status);
      if (isStray(this.tracer, task, stop)) continue;
      if (stop.kind === "instruction" && passesUnrecorded(this.tracer, task, event, stop.trap, true))
        continue;
      if (stop.kind === "stop") break;
      if (stop.kind === "watch" && this.halts?.(task, "watch")) throw new Halted(task, "watch");
      if (stop.kind === "interrupted") this.tracer.onInterrupt();
      else if (stop.kind !== "watch") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    }
    task.stepped = (task.stepped ?? 0) + 1;
    const isBreakpoint = task.between !== undefined && this.tracer.mapper.stops.has(task.between.pc);
    const reason = isWanted ? "step" : isBreakpoint ? "breakpoint" : undefined;
    if (reason !== undefined && this.halts?.(task, reason)) throw new Halted(task, reason);
  }

  /** Brings a task as far as it had come when it was killed, wherever between its last tick and the next. */
  toDeath(task: ReplayedTask, event: ExitEvent): void {
    while (task.ticks < event.ticks || !this.calls.isDone(task)) {
      const stop = this.advance(task, event, () => armUpTo(task, event.ticks, JUMPS_TO_DEATH));
      const there = task.ticks === event.ticks;
      if (!there && stop.kind !== "poll") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
      if (task.ticks > event.ticks) stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    }
  }

  private toTick(task: ReplayedTask, event: PointEvent): void {
    this.compareAtPoll(task, this.pollTick(task, event), event);
  }

  /** @returns The app pc of the branch. */
  private pollTick(task: ReplayedTask, event: PointEvent): number {
    for (;;) {
      if (task.poll?.counter === "tick" && task.ticks === event.ticks) return task.poll.pc;
      const stop = this.advance(task, event, () => armUpTo(task, this.milestone(task, event.ticks)));
      if (stop.kind !== "poll" || stop.trap.counter !== "tick")
        stoppedElsewhere(this.tracer, this.index, { task, event, stop });
      if (task.ticks > event.ticks) stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    }
  }

  /** A handler was entered where the flags are whole, which is not always at the poll itself. */
  private compareAtPoll(task: ReplayedTask, at: number, event: PointEvent): void {
    const moved = event.kind === "signal" && pcOf(event.registers) !== BigInt(at);
    const pc = moved ? toWholeFlags(this.tracer, task) : at;
    this.arrive(task, event, task.view(pc));
  }

  /** A task has come to an asynchronous event, with these registers. */
  private arrive(task: ReplayedTask, event: PointEvent, registers: Registers): void {
    this.arrived(task, task.ticks, registers);
    compare(event, this.index, task.ticks, registers);
    task.arrived = registers;
  }

  private toJump(task: ReplayedTask, event: PointEvent): void {
    this.compareAtPoll(task, this.pollJump(task, event), event);
  }

  /** @returns The app pc of the jump. */
  private pollJump(task: ReplayedTask, event: PointEvent): number {
    for (;;) {
      if (task.poll?.counter === "jump" && task.jumps === event.jumps) return task.poll.pc;
      const stop = this.advance(task, event, () => {
        const left = ticksLeft(task, event.ticks);
        const jumps = event.jumps - task.jumps - (task.poll?.counter === "jump" ? 1 : 0);
        arm(task, () => left + 1, jumps + 1);
      });
      if (stop.kind !== "poll" || stop.trap.counter !== "jump" || task.jumps > event.jumps) {
        stoppedElsewhere(this.tracer, this.index, { task, event, stop });
      }
    }
  }

  private toFault(task: ReplayedTask, event: PointEvent): void {
    const stop = this.advance(task, event, () => this.armLoosely(task, event));
    if (stop.kind === "instruction" && stop.trap.action === "breakpoint") {
      this.arrive(task, event, task.view(stop.trap.pc + stop.trap.length));
      return;
    }
    if (stop.kind === "step") {
      this.arrive(task, event, task.view(stop.pc));
      return;
    }
    // What the processor has to execute itself has raised a signal then.
    if (stop.kind === "instruction") {
      const registers = registersAt(task, stop.trap);
      // The kernel has changed it by then (emulate_vsyscall).
      if (hasEarlyResult(stop.trap)) copyResult(event.registers, registers);
      this.arrive(task, event, registers);
      return;
    }
    if (stop.kind !== "signal") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    // It takes back the count of a branch that has not retired.
    const { registers } = faultingState(task);
    this.arrive(task, event, registers);
  }

  /**
   * Brings a task that is on its way to an event to its branch with which its counts become these, or right behind that where
   * the way to the event is one of steps. Where they are these already, it stays where it is.
   */
  toCounts(task: ReplayedTask, event: TraceEvent, ticks: number, jumps: number): CountsReached {
    const { task: id, registers } = event;
    const at = (point: "tick" | "jump", counts: { ticks: number; jumps: number }): SwitchEvent => ({
      kind: "switch",
      task: id,
      registers,
      point,
      ...counts,
    });
    if (event.kind === "switch" && event.steps !== undefined && ticks > event.steps.from)
      return this.stepToCounts(task, event, ticks, jumps);
    if (task.ticks < ticks) this.pollTick(task, at("tick", { ticks: ticks - 1, jumps }));
    if (task.jumps < jumps) this.pollJump(task, at("jump", { ticks, jumps: jumps - 1 }));
    return { isAtBranch: task.poll !== undefined, before: { ticks: task.ticks, jumps: task.jumps } };
  }

  /** To counts on a way of steps: there is no branch to stop at that would not be counted twice. */
  private stepToCounts(task: ReplayedTask, event: SwitchEvent, ticks: number, jumps: number): CountsReached {
    let before = { ticks: task.ticks, jumps: task.jumps };
    if (task.ticks < ticks || task.jumps < jumps) this.beginSteps(task, event);
    while ((task.ticks < ticks || task.jumps < jumps) && (task.stepped ?? 0) < (event.steps?.count ?? 0)) {
      before = { ticks: task.ticks, jumps: task.jumps };
      this.stepOnce(task, event);
    }
    return { isAtBranch: false, before };
  }

  /** Brings a task to the emulated instruction of an event. */
  toInstruction(task: ReplayedTask, event: TraceEvent): InstructionTrap {
    if (task.instruction) return task.instruction;
    const stop = this.advance(task, event, () => this.armLoosely(task, event));
    if (stop.kind !== "instruction") stoppedElsewhere(this.tracer, this.index, { task, event, stop });
    const registers = registersAt(task, stop.trap);
    this.arrived(task, task.ticks, registers);
    compare(event, this.index, task.ticks, registers);
    task.arrived = registers;
    task.instruction = stop.trap;
    return stop.trap;
  }

  /** Brings a task to an event, which is left to come: whatever it is, the task stands there then. */
  approach(task: ReplayedTask, event: TraceEvent): void {
    switch (event.kind) {
      case "syscall":
      case "clone":
      case "exec":
        this.approachSyscall(task, event);
        return;
      case "signal":
      case "switch":
      case "registers":
        this.toPoint(task, event);
        return;
      case "instruction":
        this.toInstruction(task, event);
        return;
      case "exit":
        if (pcOf(event.registers) !== 0n) this.approachSyscall(task, event);
        else this.toDeath(task, event);
        return;
      default:
      // The task stays where its last event has left it.
    }
  }
}
