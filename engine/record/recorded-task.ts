/** Processes and tasks as the recorder keeps track of them. */

import { NO_FAULT } from "../arch/x86_64/signal-frame.ts";
import type { MemoryWrite, Registers } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import { Process, type Standing, type StashedSignal, Task } from "../tracee/task.ts";
import { RETIRED } from "../translate/retired-quantities.ts";
import type { ElisionTrap } from "../translate/traps.ts";
import type { Actions } from "./actions.ts";
import type { Call } from "./call.ts";
import { DescriptorTable } from "./descriptors/table.ts";
import type { PidPlace } from "./pid-place.ts";
import type { RestartableArea } from "./restartable-area.ts";
import { type SeccompState, UNFILTERED } from "./seccomp/state.ts";
import { StopWishes, type Tracing } from "./traced/tracing.ts";

/** What a task believes of SIGTRAP. */
export interface TrapState {
  blocked: boolean;
  /** One that came while it was blocked. */
  pending: StashedSignal | undefined;
}

/** Where a task was put (the start of a signal handler, or the end of one), and how far it had come then. */
export interface Entry {
  pc: number;
  ticks: number;
  jumps: number;
  stackPointer: bigint;
}

/** Lets a task go on at an app pc. */
export function setPc(task: RecordedTask, pc: number): void {
  task.jumpTo(pc);
  task.returnedTo = -1;
  task.entered = { pc, ticks: task.ticks, jumps: task.jumps, stackPointer: task.stackPointer };
}

/** Whether a task is still where it was put. */
export function isAtSafePoint(task: RecordedTask, { pc, ticks, jumps, stackPointer }: Entry): boolean {
  const stands = task.pc === task.space.cacheSpace.cache.entry(pc);
  return stands && task.ticks === ticks && task.jumps === jumps && task.stackPointer === stackPointer;
}

/** A process that is being recorded. */
export class RecordedProcess extends Process<RecordedTask> {
  /** Its layout is not randomised because it is to be so, not only because it is recorded. */
  fixedLayout = false;
  /** What it maps to be read can be executed, too (personality READ_IMPLIES_EXEC). */
  readImpliesExec = false;
  /** Its leader has ended before its threads, and is not waited for yet. */
  leaderless = false;

  /**
   * @param parent Its parent, while it lives and among those of the recording.
   * @param madeBy The task that has made it.
   */
  constructor(
    pid: number,
    space: AddressSpace,
    public actions: Actions,
    readonly parent?: RecordedProcess,
    readonly madeBy?: RecordedTask,
  ) {
    super(pid, pid, space);
  }
}

/** Who is told of what comes of tasks on the way. */
export interface TaskKeeper {
  /** A task is about to run. */
  prepareCalls(task: RecordedTask): void;
  /** A task has stopped, or is gone, and nobody has looked at why. */
  hasStopped(task: RecordedTask): void;
  /** A stop has come in the way of something that the engine has a task do. */
  strayStop(task: RecordedTask, stop: LiveStop): void;
  /** A task passes an edge of an elided critical section, or a locked instruction. */
  elision(task: RecordedTask, edge: ElisionTrap["edge"], ticks: number): void;
}

/** A task that is being recorded. */
export class RecordedTask extends Task {
  /**
   * `ready` to run; `blocked` in the kernel (in a system call, or ending); or `queued` at the entry of a system call
   * that waits for another task's output to be out; or `held` by a task that traces it.
   */
  state: "ready" | "blocked" | "queued" | "held" = "ready";
  /** What another task that traces it knows of it, and wants. */
  tracing: Tracing | undefined;
  /** What the recorder has stopped it for, or is about to. */
  readonly wishes = new StopWishes();
  /** App pc of a wait for what it traces in which it is to sleep now, as there is no news. */
  sleepsAt: number | undefined;
  /** Where it stands, once it has run since its last event. */
  standing: Standing | undefined;
  /** The system call that it is in. */
  call: Call | undefined;
  /** The system call that it was let make without a stop at its end, until it is known what has come of that. */
  ahead: Call | undefined;
  /** Cache pc behind the last system call that ended, while nothing has run since. */
  returnedTo = -1;
  /** Its process stops: it does so too at its next point. */
  joining = false;
  /** Where it was put, until its next stop tells whether it has run since. */
  entered: Entry | undefined;
  /** How far it had come when a handler of its last returned, until its next system call. */
  resumed: { ticks: number; jumps: number } | undefined;
  /** Signals that were given back to the kernel, which has them come once more (`timer-signals.ts`). */
  readonly givenBack: StashedSignal[] = [];
  /** Its ticks at its last event: as far as replay can follow it, should it be killed. */
  markedTicks = 0;
  /** Its ticks that the model of a described host has heard of. */
  reportedTicks = 0;
  /** What it had retired when the model heard of that last, in the order of `RETIRED`. */
  readonly reportedRetired = new Float64Array(RETIRED.length);
  /** Its ticks where an elided critical section has begun that it is in, on hosts whose processor elides locks. */
  elidedFrom: number | undefined;
  /** Its list of robust futexes, or 0. */
  robustList = 0;
  /** What it has registered for restartable sequences. */
  restartable: RestartableArea | undefined;
  /** What the kernel writes if the task ends now, as far as its memory alone does not tell afterwards. */
  robustFutexWrites: MemoryWrite[] = [];
  /** What its signal frames say; the kernel itself counts the engine's traps and faults among them. */
  lastFault = NO_FAULT;
  /** The kernel could not take down its signal frame, and has SIGSEGV for it: no instruction has faulted. */
  frameRefused = false;
  /** What it believes of SIGTRAP. */
  trap: TrapState = { blocked: false, pending: undefined };
  /** What is known of its descriptors; shared by tasks that share these. */
  descriptors = new DescriptorTable();
  /** Its filters of system calls, and what else it has asked for of that kind. */
  seccomp: SeccompState = UNFILTERED;
  /** Where its ids are others than the recorder's. */
  pidPlace: PidPlace | undefined;
  /** The call that a supervisor lets it go on with: where it is, and how far the task had come. */
  letGoOn: { readonly pc: number; readonly ticks: number } | undefined;
  /** Registers at the system call that ends it. */
  exiting: Registers | undefined;

  constructor(
    tid: number,
    override process: RecordedProcess,
    private readonly keeper: TaskKeeper,
  ) {
    super(tid, tid);
    process.tasks.add(this);
  }

  override prepareCalls(): void {
    this.keeper.prepareCalls(this);
  }

  override hasStopped(): void {
    this.keeper.hasStopped(this);
  }

  override strayStop(stop: LiveStop): void {
    this.keeper.strayStop(this, stop);
  }

  override groupStop(): void {
    this.joining = true;
  }

  override elision(edge: ElisionTrap["edge"], ticks: number): void {
    this.keeper.elision(this, edge, ticks);
  }

  /** Whether the system call that it is in writes memory, which others could see change before its event. */
  get hasOutputs(): boolean {
    const { call } = this;
    return call?.spec !== undefined && call.spec.writes.length + call.spec.writesAlways.length > 0;
  }

  override leaveCache(): void {
    super.leaveCache();
    this.returnedTo = -1;
  }
}
