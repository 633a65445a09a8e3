/** A task of a replay; its `id` is the thread id that it had in the recording. */

import type { Registers } from "../trace/events.ts";
import type { CallSite } from "../tracee/call-site.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import { programPc } from "../tracee/position.ts";
import { type Process, Task } from "../tracee/task.ts";
import type { InstructionTrap } from "../translate/traps.ts";

/** Calls that a task is going to do, or is about to. */
export interface AwaitedCalls {
  /** Index of the first of them. */
  index: number;
  records: Uint8Array;
  /** Whether they are in the ring. */
  isFed: boolean;
}

/** Who is told of what comes of tasks on the way. */
export interface TaskKeeper {
  /** A task is about to run. */
  prepareCalls(task: ReplayedTask): void;
  /** A stop has come in the way of something that the engine has a task do. */
  strayStop(task: Task, stop: LiveStop): void;
}

/** A task of a replay; its `id` is the thread id that it had in the recording. */
export class ReplayedTask extends Task {
  constructor(
    id: number,
    tid: number,
    override process: Process<ReplayedTask>,
    private readonly keeper: TaskKeeper,
  ) {
    super(id, tid);
    process.tasks.add(this);
  }

  override prepareCalls(): void {
    this.keeper.prepareCalls(this);
  }

  override strayStop(stop: LiveStop): void {
    this.keeper.strayStop(this, stop);
  }

  /** Whoever stops a replayed process means the replay, which it does not reach so. */
  override groupStop(): void {}

  /** Nobody asks for it in a replay. */
  override elision(): void {}

  /** The program's registers where it stands, at whatever event or stop. */
  get programRegisters(): Registers {
    const { site, arrived, position, returned } = this;
    if (site !== undefined) return site.registers;
    if (arrived !== undefined) return arrived;
    const isKnown = position.kind !== "cache" && position.kind !== "call";
    return this.view(isKnown ? programPc(position) : (returned ?? programPc(position)));
  }

  /** Whether it stands at its next event, which is still to be replayed. */
  get isAtEvent(): boolean {
    return this.site !== undefined || this.arrived !== undefined;
  }

  /** Instructions that it has executed on its way from a branch to its next event, a `step`. */
  stepped: number | undefined;
  /** The system call that it stands at, unanswered. */
  site: CallSite | undefined;
  /** The calls that it is going to do without a stop before its next event. */
  awaited: AwaitedCalls | undefined;
  /** App pc where its last event has left it (behind a system call, at a handler), while nothing has run since. */
  returned: number | undefined;
  /** The program's registers at the asynchronous event that it has been brought to, while that is still to be replayed. */
  arrived: Registers | undefined;
  /** What it stands in was translated before somebody wanted to stop there. */
  isStale = false;
  /** The emulated instruction that it has been brought to, likewise. */
  instruction: InstructionTrap | undefined;
}
