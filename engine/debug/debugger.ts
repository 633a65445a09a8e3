/**
 * A debugger's view of a replay: one process, whose tasks go on and back, and the reasons for which they stop. What the
 * other processes do happens on the way.
 */

import { RIP } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import type { OutputStream } from "../replay/output-sink.ts";
import type { ReplayedTask } from "../replay/replayed-task.ts";
import type { ReplaySession } from "../replay/session.ts";
import type { CloneEvent, SignalEvent, TraceEvent } from "../trace/events.ts";
import { canWatch } from "../tracee/watchpoints.ts";
import type { CheckpointPolicy } from "./checkpoints.ts";
import { EventIndex, isRunTo, movesTask } from "./event-index.ts";
import { Playhead } from "./playhead.ts";
import type { Position } from "./position.ts";
import { Reversal } from "./reversal.ts";
import { Watching, type Watchpoint } from "./watching.ts";

/** Why a replay that was let go on has stopped. */
export type StopReason =
  /** Behind the instruction that was to be executed. */
  | { kind: "step" }
  | { kind: "breakpoint" }
  /** A signal is about to reach the task. */
  | { kind: "signal"; event: SignalEvent }
  | { kind: "syscall-entry"; number: number }
  | { kind: "syscall-return"; number: number }
  | { kind: "exec"; path: string }
  | { kind: "fork"; event: CloneEvent }
  /** The trace has no more, or the process has ended: its last task stands where it was at last. */
  | { kind: "end" }
  /** Behind an access to what is watched; before it on the way back. */
  | { kind: "watchpoint"; point: Watchpoint }
  /** There is nothing before. */
  | { kind: "start" }
  | { kind: "interrupted" };

/** What stops a replay besides breakpoints. */
export interface Catches {
  /** Signals that are passed by. */
  passed: ReadonlySet<number>;
  /** System calls by number; "all" of them; undefined for none. */
  syscalls: ReadonlySet<number> | "all" | undefined;
  /** Programs that the process starts, and processes that it makes. */
  execs: boolean;
  forks: boolean;
}

/** A place, and the task that had stopped there. */
export interface Mark {
  position: Position;
  task: number | undefined;
}

/** What is debugged. */
export interface DebuggerOptions {
  /** Folder of the trace. */
  directory: string;
  /** The process, by its id in the recording. @default the first one */
  process?: number | undefined;
  output(stream: OutputStream, bytes: Uint8Array): void;
  /** Asked now and then whether somebody wants to break in. */
  wantsPause(): boolean;
  /** @default the usual one */
  checkpoints?: CheckpointPolicy | undefined;
}

/**
 * Moves one process of a replay forward and back, and says why it has stopped. Breakpoints and catches are set here.
 */
export class Debugger implements Disposable {
  readonly playhead: Playhead;
  readonly events: EventIndex;
  breakpoints: ReadonlySet<number> = new Set();
  readonly catches: Catches = { passed: new Set(), syscalls: undefined, execs: false, forks: false };
  readonly watching: Watching;
  readonly #reversal: Reversal;
  readonly #wantsPause: () => boolean;
  #process: number | undefined;
  /** The task that has stopped, by its id. */
  #stopped: number | undefined;
  /** What was told of the next event, so that it is not told twice. */
  #told: { event: number; what: string } | undefined;

  constructor({ directory, output, process, wantsPause, checkpoints }: DebuggerOptions) {
    this.#process = process;
    this.#wantsPause = wantsPause;
    this.events = new EventIndex(directory);
    const stopsFor = (task: ReplayedTask): boolean => this.isFocus(task);
    this.playhead = new Playhead({ directory, output, wantsPause, stopsFor, checkpoints });
    this.watching = new Watching(this.playhead, (address, length) => this.#read(address, length));
    this.#reversal = new Reversal(this.playhead, this.events, this.watching);
  }

  /** Whether the processor's watchpoints can be used here. */
  get canWatch(): boolean {
    const [task] = this.tasks;
    this.#canWatch ??= task && canWatch(task);
    return this.#canWatch ?? false;
  }

  #canWatch: boolean | undefined;

  /** Memory of the process; nothing where it has none. */
  #read(address: number, length: number): Uint8Array {
    return this.tasks[0]?.space.memory.read(address, length) ?? new Uint8Array(0);
  }

  /** The process that is looked at; undefined before the first program has begun. */
  get process(): number | undefined {
    const [first] = this.session.tasks.values();
    this.#process ??= first?.process.id;
    return this.#process;
  }

  get session(): ReplaySession {
    return this.playhead.session;
  }

  /** The tasks of the process that are alive. */
  get tasks(): ReplayedTask[] {
    return [...this.session.tasks.values()].filter((task) => this.isFocus(task));
  }

  /** Whether a task is of the process. */
  isFocus(task: ReplayedTask): boolean {
    return task.process.id === this.process;
  }

  /** The task that has stopped last; else the one that is on its way, if it is of the process, or one that is alive. */
  get current(): ReplayedTask | undefined {
    const { runner } = this.playhead;
    const { tasks } = this;
    return tasks.find(({ id }) => id === this.#stopped) ?? tasks.find((task) => task === runner) ?? tasks[0];
  }

  /** The event that comes next at the start of the process. */
  get first(): number {
    return this.#reversal.first;
  }

  /** Goes to the first instruction of the process. @returns Whether there is such a process. */
  begin(): boolean {
    this.playhead.skipUntil(() => this.tasks.length > 0);
    this.#reversal.first = this.playhead.position.event;
    return this.tasks.length > 0;
  }

  /**
   * Lets the replay go on until something is to be told.
   *
   * @param step The task, by its id in the recording, that is to stop behind its next instruction.
   */
  forward(step?: number): StopReason {
    const stopped = this.#forward(step);
    this.#stopped = stopped.task;
    return stopped.reason;
  }

  #forward(step: number | undefined): { reason: StopReason; task?: number } {
    this.playhead.takeHit();
    for (;;) {
      const { next, runner } = this.playhead;
      if (next === undefined) return { reason: { kind: "end" } };
      if (this.#wantsPause()) return { reason: { kind: "interrupted" } };
      if (runner === undefined) {
        this.playhead.pass();
        continue;
      }
      const isStep = runner.id === step;
      const from = this.watching.any ? this.playhead.position : undefined;
      this.playhead.haltsAtHits = true;
      const moved = this.playhead.move(isStep, this.isFocus(runner) ? this.breakpoints : undefined);
      this.playhead.haltsAtHits = false;
      const hit = this.playhead.takeHit();
      if (hit && from) {
        const point =
          moved === "watch" ? this.watching.settle(from, hit) : this.watching.pointAt(hit.address);
        return { reason: { kind: "watchpoint", point }, task: runner.id };
      }
      if (moved === "pause") {
        // The next place that has a position is an instruction further.
        if (this.playhead.move(true) === "step") return { reason: { kind: "interrupted" } };
        continue;
      }
      const task = runner.id;
      invariant(moved !== "watch", "a stop at an access that was not noted");
      if (moved !== "arrived") return { reason: { kind: moved }, task };
      if (this.#isLast(next)) return { reason: { kind: "end" } };
      const before = this.#before(next, runner);
      if (before) return { reason: before, task };
      const values = this.watching.values();
      this.playhead.pass();
      const changed = this.watching.changed(values);
      if (changed) return { reason: { kind: "watchpoint", point: changed }, task };
      const after = this.#after(next, isStep);
      if (after) return { reason: after, task: runner.id };
    }
  }

  /** Goes back by an instruction of a task. */
  stepBack(task: number): StopReason {
    this.#told = undefined;
    this.#stopped = task;
    return this.#reversal.stepBack(task) ? { kind: "step" } : { kind: "start" };
  }

  /** Goes back to the last stop. */
  back(): StopReason {
    const stopped = this.#reversal.runBack({
      stops: this.breakpoints,
      isFocus: (id) => this.events.processOf(id) === this.process,
      isSignalWanted: (signal) => !this.catches.passed.has(signal),
    });
    this.#told = undefined;
    this.#stopped = undefined;
    if (typeof stopped === "object") {
      this.#stopped = this.playhead.runner?.id;
      return { kind: "watchpoint", point: stopped };
    }
    if (stopped !== "signal") return { kind: stopped };
    const { next } = this.playhead;
    if (next?.kind !== "signal") return { kind: "start" };
    this.#tell("signal");
    return { kind: "signal", event: next };
  }

  /** Whether the process is gone behind an event: it can't be looked at any more. */
  #isLast(next: TraceEvent): boolean {
    const { tasks } = this;
    return next.kind === "exit" && tasks.length === 1 && tasks[0]!.id === next.task;
  }

  /** What is told before an event is replayed. */
  #before(next: TraceEvent, runner: ReplayedTask): StopReason | undefined {
    if (!this.isFocus(runner)) return undefined;
    const { passed, syscalls } = this.catches;
    if (next.kind === "signal" && !passed.has(next.signal) && this.#tell("signal"))
      return { kind: "signal", event: next };
    const number = callOf(next);
    if (number === undefined || syscalls === undefined) return undefined;
    if ((syscalls === "all" || syscalls.has(number)) && this.#tell("entry"))
      return { kind: "syscall-entry", number };
    return undefined;
  }

  /** Whether something is told of the next event for the first time, while it is still to come. */
  #tell(what: string): boolean {
    const event = this.session.position;
    if (this.#told?.event === event && this.#told.what === what) return false;
    this.#told = { event, what };
    return true;
  }

  /** What is told when an event has been replayed. */
  #after(event: TraceEvent, isStep: boolean): StopReason | undefined {
    const task = this.session.tasks.get(event.task);
    if (task === undefined || !this.isFocus(task)) return undefined;
    const { syscalls, execs, forks } = this.catches;
    if (event.kind === "exec" && execs) return { kind: "exec", path: event.path };
    if (event.kind === "clone" && forks && event.childProcess !== task.process.id)
      return { kind: "fork", event };
    if (event.kind === "syscall" && syscalls && (syscalls === "all" || syscalls.has(event.number)))
      return { kind: "syscall-return", number: event.number };
    if (!movesTask(event)) return undefined;
    if (isStep) return { kind: "step" };
    return this.breakpoints.has(Number(task.programRegisters[RIP]!)) ? { kind: "breakpoint" } : undefined;
  }

  /** Places that somebody wants to come back to, by their numbers. */
  readonly marks = new Map<number, Mark>();
  #lastMark = 0;

  /** Marks the present place. @returns Its number. */
  mark(): number {
    const { position } = this.playhead;
    this.marks.set(++this.#lastMark, { position, task: this.current?.id });
    return this.#lastMark;
  }

  /** Goes to a place that was marked. */
  goToMark({ position, task }: Mark): void {
    this.seek(position);
    this.#stopped = task;
  }

  /** Puts the replay at a position. */
  seek(position: Position): void {
    this.#stopped = undefined;
    this.playhead.seek(position);
    this.#told = position.isArrived ? { event: position.event, what: "signal" } : undefined;
  }

  /** Goes to an event, which is still to come; a signal that is told of then. */
  seekEvent(event: number): void {
    this.#stopped = undefined;
    this.playhead.seekEvent(event, true);
    this.#told = { event, what: "signal" };
  }

  /**
   * Goes to where the first thread of the process has so many ticks: right behind a branch, or to its last event if it has
   * not so many.
   */
  seekTicks(ticks: number): void {
    this.#stopped = this.process;
    const isThere = (event: TraceEvent) =>
      isRunTo(event) && event.task === this.process && event.ticks >= ticks;
    const event =
      this.events.first(isThere) ??
      this.events.lastBefore(this.events.count, (event) => isRunTo(event) && event.task === this.process);
    if (event === undefined) return;
    const first = this.#reversal.first;
    this.playhead.seekNear({ event: Math.max(first, event.index), ticks, jumps: 0 });
    this.playhead.toTick(Math.min(ticks, event.event.ticks));
  }

  /** Goes back to the first instruction of the process. */
  seekStart(): void {
    this.#stopped = undefined;
    this.#told = undefined;
    this.playhead.seekEvent(this.first, false);
  }

  /** Goes to where the process is for the last time. */
  seekEnd(): void {
    this.#stopped = undefined;
    this.playhead.skipUntil(() => {
      const { next } = this.playhead;
      return next === undefined || this.#isLast(next);
    });
    this.playhead.move(false);
  }

  [Symbol.dispose](): void {
    this.playhead[Symbol.dispose]();
    this.events[Symbol.dispose]();
  }
}

/** The system call of an event, if it is the end of one. */
function callOf(event: TraceEvent): number | undefined {
  return event.kind === "syscall" ? event.number : undefined;
}
