/** A task of a replay; its `id` is the thread id that it had in the recording. */
import type { Registers } from "../trace/events.ts";
import { Task } from "../tracee/task.ts";
import type { InstructionTrap } from "../translate/traps.ts";

/** Calls that a task is going to do, or is about to. */
export interface AwaitedCalls {
  /** Index of the first of them. */
  index: number;
  records: Uint8Array;
  /** Whether they are in the ring. */
  isFed: boolean;
}

/** A system call that a replayed task stands at. */
export interface CallSite {
  /** App pc of the `syscall` instruction, and of the one behind it. */
  pc: number;
  next: number;
  number: number;
  /** The program's registers at it. */
  registers: Registers;
}

/** A task of a replay; its `id` is the thread id that it had in the recording. */
export class ReplayedTask extends Task {
  /** The program's registers where it stands, at whatever event or stop. */
  get programRegisters(): Registers {
    const { site, arrived, between, appPc, poll, returned, place } = this;
    if (site !== undefined) return site.registers;
    if (arrived !== undefined) return arrived;
    const pc = between?.pc ?? appPc ?? poll?.pc ?? returned ?? place.pc;
    return this.view(pc);
  }

  /** Whether it stands at its next event, which is still to be replayed. */
  get isAtEvent(): boolean {
    return this.site !== undefined || this.arrived !== undefined;
  }

  /** Makes it stand between two instructions, wherever in the code cache it is; not where it {@link isAtEvent}. */
  leaveForStop(): void {
    if (this.between !== undefined) return;
    if (this.appPc === undefined) this.leaveCache();
    const pc = this.appPc!;
    this.jumpTo(pc);
    this.appPc = undefined;
    this.between = { origin: pc, pc, counted: undefined };
  }

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
