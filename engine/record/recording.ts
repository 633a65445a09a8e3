/**
 * The state of one recording: its tasks, its trace, and the rule that makes the trace a schedule.
 *
 * The rule: before an event of one task is written, the place where the task that ran before it stands is
 * written as a `switch`, if that task has run since its own last event. So replay always knows how far a task
 * got before another one's effects may be seen.
 */

import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import { SLEEPERS } from "../kernel/mod.ts";
import { noTotals } from "../outcome.ts";
import type { EndEvent, EventBase, MemoryWrite, Registers, TraceEvent } from "../trace/events.ts";
import type { TraceWriter } from "../trace/mod.ts";
import { eventCount, MAX_CHUNK_BYTES } from "../trace/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Binding } from "../tracee/binding.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import type { Standing, Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { AheadCalls } from "./ahead-calls.ts";
import { CallBuffer } from "./call-buffer.ts";
import type { Checksums } from "./checksums.ts";
import { type CrashState, crashState, MOST_CRASHES } from "./crash.ts";
import { MappedFiles } from "./descriptors/mapped-files.ts";
import { QuietFiles } from "./descriptors/quiet.ts";
import type { EffectCheck } from "./effect-check.ts";
import { Interceptors } from "./interceptor.ts";
import { OutputTurns } from "./output-turns.ts";
import { Outsiders } from "./outsiders.ts";
import { PidNamespaces } from "./pid-namespaces.ts";
import { inPieces } from "./pieces.ts";
import type { RecordedProcess, RecordedTask, TaskKeeper } from "./recorded-task.ts";
import { Restartable } from "./restartable.ts";
import { FAIR, Schedule, type SchedulePolicy } from "./schedule.ts";
import { Notifications } from "./seccomp/listener.ts";
import { TracedPlaces } from "./traced/places.ts";
import { TracedStops } from "./traced/stops.ts";
import { Tracees } from "./traced/tracees.ts";

/** Whoever sleeps. */
const EVERYBODY = Object.values(SLEEPERS).reduce<number>((sum, bit) => sum + bit, 0);

/** Most bytes of memory in one event, so that it fits into a chunk of the trace. */
const MAX_WRITTEN = MAX_CHUNK_BYTES / 2;

/**
 * Holds what all parts of a recorder share, and writes events; a `switch` goes before an event where the rule above
 * asks for one.
 */
export class Recording {
  /** Living tasks by thread id. */
  readonly tasks = new Map<number, RecordedTask>();
  readonly schedule: Schedule;
  /** Who may write to the recording's own output. */
  readonly outputTurns = new OutputTurns();
  /** Which tasks that sleep in the kernel may have been woken by what has happened: bits of `SLEEPERS`. */
  woken = 0;

  /** Something has happened that may have woken any of them. */
  get disturbed(): boolean {
    return this.woken !== 0;
  }

  set disturbed(is: boolean) {
    this.woken = is ? EVERYBODY : 0;
  }

  readonly totals = noTotals();
  /** Tasks that a signal has ended with their process, the last ones. */
  readonly crashes: CrashState[] = [];
  /** Who stands between the program and the kernel. */
  readonly interceptors = new Interceptors();
  /** Keeps checksums of memory, if that was asked for. */
  checksums: Checksums | undefined;
  /** Who else has memory of the program. */
  readonly outsiders = new Outsiders(this);
  /** Tasks that other ones trace. */
  readonly traced = new Tracees(this);
  /** Where they stop for their tracers. */
  readonly tracedStops = new TracedStops(this.traced);
  readonly tracedPlaces = new TracedPlaces(this);
  /** Sequences of tasks that begin anew. */
  readonly restartable = new Restartable(this);
  /** Which task an id means. */
  readonly pids = new PidNamespaces(this);
  /** Calls that supervisors are asked about. */
  readonly notifications = new Notifications();
  /** Calls that are done without a stop. */
  readonly calls = new CallBuffer(this);
  /** Calls whose end needs no stop. */
  readonly ahead = new AheadCalls(this);
  /** Tasks take turns by a seed. */
  readonly chaos: boolean;
  /** What checks that all effects of calls are told, if anything. */
  effects: EffectCheck | undefined;
  /** Told of what the user should know. */
  onNote: ((text: string) => void) | undefined;
  /** The files by which calls need no stop. */
  readonly quiet = new QuietFiles(this);
  /** The files that are mapped. */
  readonly files = new MappedFiles(this);
  /**
   * To be called before tasks of a process die, or of any process: output of theirs that is half out gets its event.
   * The kernel would not tell how much of it was out.
   */
  finishOutput: (process?: RecordedProcess) => void = () => {};
  /** Told of how far it has come. */
  onProgress: ((events: number, ticks: () => number) => void) | undefined;
  /** Told, for the user, that the recorder gets nowhere. */
  onStall: ((message: string) => void) | undefined;
  /** Told of each signal that the kernel brings a task. */
  onSignal: ((task: RecordedTask, signal: number) => void) | undefined;
  /** Told of each piece of output; its bytes are good until the call returns. */
  onOutput: ((bytes: Uint8Array) => void) | undefined;
  /** Told of a stop that came in the way of something that the engine had a task do. */
  onStrayStop: (task: RecordedTask, stop: LiveStop) => void = () => {};
  /** What tasks of this recording tell. */
  readonly keeper: TaskKeeper = {
    prepareCalls: (task) => this.calls.prepare(task),
    hasStopped: (task) => this.ahead.settle(task),
    strayStop: (task, stop) => this.onStrayStop(task, stop),
    elision: (task, edge, ticks) => this.interceptors.elision(task, edge, ticks),
  };
  /** The task that has run since its last event. */
  private unmarked: RecordedTask | undefined;

  constructor(
    readonly tracer: Tracer,
    readonly writer: TraceWriter,
    readonly binding: Binding,
    policy: SchedulePolicy = FAIR,
  ) {
    this.chaos = policy !== FAIR;
    this.schedule = new Schedule(policy);
  }

  /** Ticks of all tasks, those that are gone and those that live. */
  readonly ticksSoFar = (): number =>
    [...this.tasks.values()].reduce((sum, { ticks }) => sum + ticks, this.totals.ticks);

  /** The program has got memory that others may have, too: they are looked for. */
  sharesMemory(): void {
    this.outsiders.expect();
  }

  /** Notes that a task has run user code and stands somewhere now. */
  ran(task: RecordedTask, standing: Standing): void {
    task.standing = standing;
    this.unmarked = task;
  }

  /** To be called before a task runs (or at the end): whoever ran before has its place written down. */
  mark(next: RecordedTask | undefined): void {
    const previous = this.unmarked;
    if (!previous || previous === next) return;
    this.unmarked = undefined;
    const { standing } = previous;
    if (!standing) return;
    this.totals.switches++;
    previous.markedTicks = previous.ticks;
    this.put({
      kind: "switch",
      task: previous.id,
      ticks: previous.ticks,
      registers: standing.registers,
      point: standing.point,
      jumps: previous.jumps,
      ...(standing.steps && { steps: standing.steps }),
    });
  }

  /** Writes an event of a task, which also says where that task stands. */
  emit(task: RecordedTask, event: TraceEvent): void {
    this.mark(task);
    this.unmarked = undefined;
    task.markedTicks = task.ticks;
    if (event.kind === "signal") this.totals.signals++;
    if (event.kind !== "syscall") {
      this.put(event);
      return;
    }
    const [writes = [], ...rest] = inPieces(event.writes, MAX_WRITTEN);
    this.put({ ...event, writes });
    for (const piece of rest) this.putMemory(task, piece);
  }

  /** Writes down calls that a task has done without a stop, before it stands where it does. */
  called(task: RecordedTask, ticks: number, count: number, records: Uint8Array): void {
    invariant(this.unmarked === undefined || this.unmarked === task, "calls of a task that has not the turn");
    const registers = new BigUint64Array(REGISTER_COUNT);
    task.markedTicks = ticks;
    this.put({ kind: "calls", task: task.id, ticks, registers, count, records });
  }

  /** A system call of a task was written down, and all that came of it: its memory may be summed up. */
  callDone(task: RecordedTask): void {
    const sums = this.checksums?.due(task, this.tasks.values());
    if (sums !== undefined) this.put({ kind: "checksum", ...this.standingOf(task), sums });
  }

  /** Writes the last event: how the recording has ended. */
  end(event: Omit<EndEvent, "kind" | "registers">): void {
    this.put({ kind: "end", registers: new BigUint64Array(REGISTER_COUNT), ...event });
  }

  /** Writes down that somebody else than the task has changed memory of its process. */
  changedFromOutside(task: RecordedTask, writes: MemoryWrite[]): void {
    if (writes.length === 0) return;
    this.mark(undefined);
    for (const piece of inPieces(writes, MAX_WRITTEN)) this.putMemory(task, piece);
  }

  /** Tells the user something, and notes it in the trace. */
  note(task: RecordedTask, text: string): void {
    this.onNote?.(text);
    this.mark(undefined);
    this.put({ kind: "note", ...this.standingOf(task), text });
  }

  /** Writes down that a mapped file has changed, in the course of a call of a task or from outside. */
  fileChanged(task: RecordedTask, file: number, size: number, writes: MemoryWrite[]): void {
    this.mark(undefined);
    for (const piece of inPieces(writes, MAX_WRITTEN)) {
      const event = { kind: "file" as const, ...this.standingOf(task), file, size, writes: piece };
      this.put(event);
      this.tracer.text.fileChanged(file, event.writes);
    }
  }

  private standingOf(task: RecordedTask): EventBase {
    return { task: task.id, ticks: task.markedTicks, registers: new BigUint64Array(REGISTER_COUNT) };
  }

  private putMemory(task: RecordedTask, writes: MemoryWrite[]): void {
    this.put({ kind: "memory", ...this.standingOf(task), writes });
  }

  private put(event: TraceEvent): void {
    this.totals.events += eventCount(event);
    if (event.kind !== "calls") this.calls.hadEvent();
    this.effects?.told(event);
    this.writer.write(event);
    this.writer.maybeFlush();
  }

  /** A signal ends the task's process; its event has been written. */
  crashed(task: RecordedTask, signal: number, siginfo: Uint8Array, registers: Registers): void {
    const event = this.totals.events - 1;
    this.crashes.push(crashState(task, signal, { siginfo, registers, event }));
    if (this.crashes.length > MOST_CRASHES) this.crashes.shift();
  }

  /**
   * The living task that the tracer knows.
   *
   * @param task As an error names it.
   */
  own({ tid }: Task): RecordedTask {
    const task = this.tasks.get(tid);
    invariant(task, `task ${tid} is none of this recording`);
    return task;
  }

  /** A task is gone: nothing more can be said of where it stands. */
  forget(task: RecordedTask): void {
    if (this.unmarked === task) this.unmarked = undefined;
    this.outputTurns.leave(task);
    this.disturbed = true;
    this.tasks.delete(task.tid);
    this.traced.gone(task);
    this.interceptors.gone(task);
    task.process.tasks.delete(task);
    this.totals.ticks += task.ticks;
  }

  /** What memory holds now, as a write to be restated in replay; undefined if none of it can be read. */
  snapshot(space: AddressSpace, address: number, length: number): MemoryWrite | undefined {
    const bytes = space.memory.read(address, length);
    return bytes.length > 0 ? { address, bytes: bytes.slice() } : undefined;
  }
}
