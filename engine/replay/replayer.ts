/**
 * The replayer: takes the events of a trace one by one, runs the task that each belongs to up to the very same
 * point, checks that it got there as the recording did, and gives it the recorded outcome.
 *
 * Nothing outside is touched: system calls are answered from the trace. Only what makes tasks and memory is done
 * for real.
 */
import { isErrno, pendingInterrupt } from "../../ffi/mod.ts";
import { Interrupted } from "../interrupts.ts";
import { type Cost, noTotals } from "../outcome.ts";
import type { EndEvent, TraceEvent } from "../trace/events.ts";
import { TraceError, type TraceReader } from "../trace/mod.ts";
import { Binding } from "../tracee/binding.ts";
import { TaskGone } from "../tracee/controller.ts";
import { Tracer } from "../tracee/tracer.ts";
import { Answers } from "./answers.ts";
import { ImpossibleEvent } from "./bounds.ts";
import { Confinement } from "./confinement.ts";
import { Divergence, eventName } from "./divergence.ts";
import { Lifecycle, type SpawnBlank } from "./lifecycle.ts";
import { MemoryReplay } from "./memory-replay.ts";
import { Navigator } from "./navigator.ts";
import { Rebuilder } from "./rebuild.ts";
import { Watchdog } from "./watchdog.ts";

/** See the file's head. */
export class Replayer {
  readonly totals = noTotals();
  private watchdog: Watchdog | undefined;
  private readonly confinement = new Confinement();
  private readonly tracer = new Tracer(this.confinement);
  private readonly navigator = new Navigator(this.tracer);
  private readonly rebuilder: Rebuilder;
  private readonly lifecycle: Lifecycle;
  private readonly answers: Answers;

  constructor(
    private readonly reader: TraceReader,
    spawnBlank: SpawnBlank,
  ) {
    this.rebuilder = new Rebuilder(this.tracer, reader, this.confinement);
    this.lifecycle = new Lifecycle(
      this.tracer,
      this.navigator,
      this.rebuilder,
      spawnBlank,
      this.confinement,
      this.totals,
    );
    this.answers = new Answers(
      this.tracer,
      this.navigator,
      this.rebuilder,
      new MemoryReplay(this.tracer, this.navigator, this.rebuilder, reader),
    );
  }

  /** What it has cost so far. */
  get cost(): Cost {
    return this.tracer.cost;
  }

  /**
   * Replays the whole trace.
   *
   * @returns The end event; undefined if the trace has none.
   * @throws Divergence
   */
  run(): EndEvent | undefined {
    using _mapper = this.tracer.mapper;
    using binding = new Binding();
    using watchdog = new Watchdog(() => this.navigator.index);
    this.watchdog = watchdog;
    this.tracer.onInterrupt = () => {
      const signal = watchdog.look();
      if (signal !== 0) throw new Interrupted(signal, true);
    };
    try {
      for (let event = this.reader.next(); event; event = this.reader.next()) {
        this.navigator.index = this.reader.position;
        this.totals.events++;
        binding.refresh(this.lifecycle.tasks.values());
        // Most events are over before they could be interrupted.
        if (pendingInterrupt() !== 0) this.tracer.onInterrupt();
        if (event.kind === "end") return event;
        this.replay(event);
      }
      return undefined;
    } finally {
      this.lifecycle.killAll();
      this.rebuilder[Symbol.dispose]();
      this.answers[Symbol.dispose]();
      this.confinement[Symbol.dispose]();
    }
  }

  private replay(event: Exclude<TraceEvent, EndEvent>): void {
    const { index } = this.navigator;
    const where = `event ${index} (${eventName(event)})`;
    try {
      this.dispatch(event, where);
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
      return;
    }
    const task = tasks.get(event.task);
    if (!task) throw new Divergence(this.navigator.index, `${where} is of the unknown task ${event.task}`);
    this.tracer.mapper.serve(task);
    this.watchdog?.watch(task, event);
    switch (event.kind) {
      case "exec":
        this.lifecycle.program(task, event);
        break;
      case "syscall":
        this.answers.syscall(task, event);
        break;
      case "switch":
        this.totals.switches++;
        this.navigator.toPoint(task, event);
        break;
      case "signal":
        this.totals.signals++;
        this.answers.signal(task, event);
        break;
      case "instruction":
        this.answers.instruction(task, event);
        break;
      case "clone":
        this.lifecycle.clone(task, event);
        break;
      case "memory":
        this.answers.outside(task, event);
        break;
      case "file":
        this.answers.file(event);
        break;
      case "checksum":
        this.answers.checksum(task, event);
        break;
      case "note":
        break;
      case "exit":
        this.lifecycle.exit(task, event);
        break;
    }
  }
}
