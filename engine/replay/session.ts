/**
 * A replay as an object: whoever has it says how far it goes. It takes the events of a trace one by one, runs the task
 * that each belongs to up to the very same point, checks that it got there as the recording did, and gives it the
 * recorded outcome.
 *
 * Nothing outside is touched: system calls are answered from the trace. Only what makes tasks and memory is done
 * for real.
 */
import { adoptOrphans, close, isErrno, pendingInterrupt, spawnTraced } from "../../ffi/mod.ts";
import { catchInterrupts, Interrupted } from "../interrupts.ts";
import { readOptimisations } from "../optimisations.ts";
import { type Cost, noTotals } from "../outcome.ts";
import type { TaskPlace } from "../session/task-places.ts";
import type { CloneEvent, EndEvent, ExecEvent, TraceEvent } from "../trace/events.ts";
import { eventCount, TraceError, TraceReader } from "../trace/mod.ts";
import { Binding } from "../tracee/binding.ts";
import { TaskGone } from "../tracee/controller.ts";
import type { Task } from "../tracee/task.ts";
import { Tracer } from "../tracee/tracer.ts";
import type { Watch } from "../tracee/watchpoints.ts";
import { blankProgram } from "./blank.ts";
import { ImpossibleEvent } from "./bounds.ts";
import { CallFeed } from "./call-feed.ts";
import { Checkpointer } from "./checkpoint.ts";
import { Confinement } from "./confinement.ts";
import { Divergence, eventName } from "./divergence.ts";
import { EventApplier } from "./event-applier.ts";
import { type CountsReached, Halted, type Halts } from "./halt.ts";
import { Lifecycle } from "./lifecycle.ts";
import { MemoryReplay } from "./memory-replay.ts";
import { Navigator } from "./navigator.ts";
import { type OutputSink, toStandardStreams } from "./output-sink.ts";
import { placesOf } from "./places.ts";
import { Rebuilder } from "./rebuild.ts";
import type { ReplayedTask } from "./replayed-task.ts";
import { type Checkpoint, SavedPlaces } from "./saved-places.ts";
import { Watchdog } from "./watchdog.ts";

/** How to replay a trace. */
export interface SessionOptions {
  /** Folder of the trace. */
  directory: string;
  /** Takes the program's output. @default this process's own standard streams */
  output?: OutputSink;
  /** Whether checkpoints are going to be made. @default false */
  keepsCheckpoints?: boolean;
}

/**
 * A replay that can be driven event by event, on the thread that it was made on. Several may be open at a time.
 *
 * @example
 * ```ts
 * using session = new ReplaySession({ directory: "run" });
 * while (session.step() !== undefined) console.log(session.position);
 * ```
 */
export class ReplaySession implements Disposable {
  readonly totals = noTotals();
  /** Where the events come from; it stands behind the last one that was replayed. */
  readonly reader: TraceReader;
  /** Where every task stood when the replay was told to stop; undefined before. */
  places: readonly TaskPlace[] | undefined;
  /** The program that each process runs, or has run at last, by process ids in the recording. */
  readonly programs = new Map<number, ExecEvent>();
  #next: TraceEvent | undefined;
  private readonly resources = new DisposableStack();
  private readonly watchdog: Watchdog;
  private readonly confinement: Confinement;
  private readonly tracer: Tracer;
  private readonly calls: CallFeed;
  private readonly navigator: Navigator;
  private readonly lifecycle: Lifecycle;
  private readonly applier: EventApplier;
  private readonly binding: Binding;
  readonly saved: SavedPlaces;

  /**
   * Opens a trace; nothing of it has been replayed then.
   *
   * @throws TraceError for a trace that can't be read, EngineError if replay is not possible here.
   */
  constructor({ directory, output = toStandardStreams, keepsCheckpoints = false }: SessionOptions) {
    // What is opened when something fails is closed again.
    using opened = new DisposableStack();
    opened.use(catchInterrupts());
    readOptimisations();
    this.reader = TraceReader.open(directory);
    opened.defer(() => this.reader.close());
    const blank = blankProgram();
    opened.defer(() => close(blank));
    const path = `/proc/${process.pid}/fd/${blank}`;
    const spawn = (): number => spawnTraced({ path, argv: ["tickproof"], env: [] });
    this.confinement = opened.use(new Confinement());
    this.tracer = new Tracer(this.confinement);
    opened.use(this.tracer.mapper);
    this.tracer.mapper.tellsFloatingPlaces = true;
    this.calls = new CallFeed();
    this.navigator = new Navigator(this.tracer, this.calls);
    const rebuilder = opened.use(new Rebuilder(this.tracer, this.reader, this.confinement));
    this.lifecycle = new Lifecycle(
      this.tracer,
      this.navigator,
      rebuilder,
      spawn,
      this.confinement,
      this.totals,
      this.calls,
    );
    const memory = new MemoryReplay(this.tracer, this.navigator, rebuilder, this.reader);
    this.applier = opened.use(new EventApplier(this.tracer, this.navigator, rebuilder, memory, output));
    this.watchdog = opened.use(new Watchdog(() => this.navigator.index));
    this.binding = opened.use(new Binding());
    rebuilder.shared.keepsNameless = keepsCheckpoints;
    if (keepsCheckpoints) {
      // Processes that are forked outlive those that they were forked from.
      adoptOrphans(true);
      opened.defer(() => adoptOrphans(false));
    }
    const processes = new Checkpointer(this.tracer, this.lifecycle, rebuilder.shared, this.calls);
    this.saved = new SavedPlaces(opened.use(processes), rebuilder.shared);
    opened.defer(() => {
      this.lifecycle.killAll();
      this.saved.forgetAll();
    });
    this.tracer.onInterrupt = () => this.interrupt();
    this.resources = opened.move();
  }

  /** What it has cost so far. */
  get cost(): Cost {
    return this.tracer.cost;
  }

  /** How many events have been replayed: the index of the next one. */
  get position(): number {
    return this.totals.events;
  }

  /**
   * Replays events until so many of the trace have been, or there are no more. Calls that were done without a stop count
   * one by one, and come together: of these there may be some more.
   *
   * @param until A {@link position}. @default one event further
   * @returns The event that was replayed last: the one before `until`; undefined where the trace has no more.
   * @throws Divergence where the replay does not do what the recording did, Interrupted when it is told to stop.
   *   It can't go on then.
   */
  step(until = this.position + 1): TraceEvent | undefined {
    let event: TraceEvent | undefined;
    while (this.position < until) {
      event = this.next;
      if (event === undefined) return undefined;
      this.totals.events += eventCount(event);
      this.navigator.index = this.position - 1;
      this.binding.refresh(this.lifecycle.tasks.values());
      // Most events are over before they could be interrupted.
      if (pendingInterrupt() !== 0) this.interrupt();
      if (event.kind !== "end") this.replayOrHalt(event);
      this.#next = undefined;
      this.isOnTheWay = false;
    }
    return event;
  }

  /** The event that is replayed next; undefined where the trace has no more. */
  get next(): TraceEvent | undefined {
    this.#next ??= this.reader.next();
    return this.#next;
  }

  /** A process that was made runs the program of its parent. */
  private inherit(task: ReplayedTask, { childProcess }: CloneEvent): void {
    const program = this.programs.get(task.process.id);
    if (program && childProcess !== task.process.id) this.programs.set(childProcess, program);
  }

  /** Living tasks, by their thread ids in the recording. */
  get tasks(): ReadonlyMap<number, ReplayedTask> {
    return this.lifecycle.tasks;
  }

  /** Lets a debugger halt tasks: {@link step} and {@link approach} throw Halted then, and can be called again. */
  set onHalt(halts: Halts) {
    this.navigator.halts = halts;
  }

  /** Where tasks that {@link onHalt} is asked for stop: app pcs. */
  get stops(): ReadonlySet<number> {
    return this.tracer.mapper.stops;
  }

  set stops(pcs: ReadonlySet<number>) {
    if (this.tracer.mapper.stopAt(pcs)) for (const task of this.tasks.values()) task.isStale = true;
  }

  /** Stops tasks natively where they access what is watched; see {@link onHalt}. */
  watch(watches: readonly Watch[], isFor: (task: Task) => boolean): void {
    this.tracer.watchpoints.set(watches, isFor);
  }

  /** Which watch a halted task has hit. */
  takeHit(task: ReplayedTask): Watch | undefined {
    return this.tracer.watchpoints.takeHit(task);
  }

  /** Brings the task of the next event to where its counts become these; see `Navigator.toCounts`. */
  toCounts(ticks: number, jumps: number): CountsReached {
    const event = this.next;
    const task = event && this.tasks.get(event.task);
    if (task === undefined || event === undefined || event.kind === "end")
      return { isAtBranch: false, before: { ticks: 0, jumps: 0 } };
    this.navigator.index = this.position;
    this.watchdog.watch(task, event);
    this.isOnTheWay = true;
    return this.navigator.toCounts(task, event, ticks, jumps);
  }

  /**
   * Makes a checkpoint of where the replay stands: between two events, or where its task was halted by "pause".
   *
   * @returns undefined where that can't be: memory would be missing in a copy, a task stands in the midst of something,
   *   or the kernel has no process to give.
   */
  checkpoint(): Checkpoint | undefined {
    const { next } = this;
    if (next === undefined || next.kind === "end") return undefined;
    const task = this.tasks.get(next.task);
    if (task === undefined || (this.isOnTheWay && task.poll === undefined)) return undefined;
    const position = this.reader.position + 1 - eventCount(next);
    const { ticks, jumps, poll } = task;
    return this.saved.save({
      position,
      ticks,
      jumps,
      atBranch: this.isOnTheWay ? poll?.counter : undefined,
      totals: { ...this.totals, events: position },
      programs: new Map(this.programs),
    });
  }

  /** Whether the task of the next event has begun to go there. */
  isOnTheWay = false;

  /**
   * Goes back, or on, to a checkpoint, which stays.
   *
   * @returns Whether that has worked; the replay can't go on if it has not.
   */
  goTo(checkpoint: Checkpoint): boolean {
    const saved = this.saved.load(checkpoint);
    if (saved === undefined) return false;
    Object.assign(this.totals, saved.totals);
    this.programs.clear();
    for (const [id, program] of saved.programs) this.programs.set(id, program);
    if (this.#next === undefined || this.reader.position + 1 - eventCount(this.#next) !== saved.position) {
      this.reader.seek(saved.position);
      this.#next = undefined;
    }
    this.isOnTheWay = saved.atBranch !== undefined;
    this.binding.include(this.tasks.values());
    return true;
  }

  /** Where it was halted an event is still to come. */
  private replayOrHalt(event: Exclude<TraceEvent, EndEvent>): void {
    this.isOnTheWay = true;
    try {
      this.explaining(event, (where) => this.dispatch(event, where));
    } catch (error) {
      if (error instanceof Halted) this.totals.events -= eventCount(event);
      throw error;
    }
  }

  /** Ends all processes of the replay, wherever they are, and gives everything back. Once is enough. */
  end(): void {
    this.resources.dispose();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  private interrupt(): void {
    const signal = this.watchdog.look();
    if (signal === 0) return;
    // Once: a second signal, while the tasks are being stopped, ends it as it is.
    if (this.places === undefined) {
      this.places = [];
      this.places = placesOf(this.lifecycle.tasks.values(), this.tracer);
    }
    throw new Interrupted(signal, true);
  }

  /**
   * Brings the task of the next event to it, and leaves the event to come.
   *
   * @throws Divergence, and Halted where a debugger has wanted that ({@link onHalt}).
   */
  approach(): void {
    const event = this.next;
    const task = event && this.tasks.get(event.task);
    if (task === undefined || event === undefined || event.kind === "end") return;
    this.navigator.index = this.position;
    this.tracer.mapper.serve(task);
    this.watchdog.watch(task, event);
    this.isOnTheWay = true;
    this.explaining(event, () => this.navigator.approach(task, event));
  }

  /** Does something that leads to an event, and says what it means if that fails. */
  private explaining(event: Exclude<TraceEvent, EndEvent>, act: (where: string) => void): void {
    const { index } = this.navigator;
    const where = `event ${index} (${eventName(event)})`;
    try {
      act(where);
    } catch (error) {
      if (error instanceof ImpossibleEvent) throw this.damaged(where, error);
      if (!(error instanceof TaskGone) && !isErrno(error, "ESRCH")) throw error;
      const status = error instanceof TaskGone ? error.status : undefined;
      const how = status === undefined ? "was killed" : `died (wait status 0x${status.toString(16)})`;
      throw new Divergence(index, `task ${event.task} ${how} before ${where}`);
    }
  }

  private damaged(where: string, error: ImpossibleEvent): TraceError {
    return new TraceError({
      what: `The trace is damaged, or was made to do harm: ${error.message}`,
      where,
      mend: "record again",
      cause: error,
    });
  }

  /** Why replayed processes have no filter of system calls, if they have none. */
  get unfiltered(): string | undefined {
    return this.confinement.unfiltered;
  }

  private dispatch(event: Exclude<TraceEvent, EndEvent>, where: string): void {
    const { tasks } = this.lifecycle;
    if (event.kind === "exec" && tasks.size === 0) {
      this.lifecycle.firstProgram(event);
      this.programs.set(event.task, event);
      return;
    }
    const task = tasks.get(event.task);
    if (!task) throw new Divergence(this.navigator.index, `${where} is of the unknown task ${event.task}`);
    this.tracer.mapper.serve(task);
    this.watchdog.watch(task, event);
    switch (event.kind) {
      case "exec":
        this.lifecycle.program(task, event);
        this.programs.set(task.process.id, event);
        break;
      case "syscall":
        this.applier.syscall(task, event);
        break;
      case "switch":
        this.navigator.toPoint(task, event);
        // One that stands at a fault can't come to it again: what happens next happens there.
        if (event.point !== "fault" && event.point !== "place") task.arrived = undefined;
        if (event.point === "step") task.returned = task.leaveStop();
        this.totals.switches++;
        break;
      case "signal":
        this.applier.signal(task, event);
        this.totals.signals++;
        break;
      case "instruction":
        this.applier.instruction(task, event);
        break;
      case "registers":
        this.applier.registers(task, event);
        break;
      case "clone":
        this.lifecycle.clone(task, event);
        this.inherit(task, event);
        break;
      case "memory":
        this.applier.outside(task, event);
        break;
      case "file":
        this.applier.file(event);
        break;
      case "checksum":
        this.applier.checksum(task, event);
        break;
      case "calls":
        this.calls.expect(task, event, this.navigator.index);
        break;
      case "note":
        break;
      case "exit":
        this.lifecycle.exit(task, event);
        break;
    }
  }
}
