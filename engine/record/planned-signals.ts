/** Signals that a user wants the program's first task to get at exact ticks. */
import { tgkill } from "../../ffi/mod.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A signal, and the place where it comes: right before the conditional branch behind so many. */
export interface PlannedSignal {
  signal: number;
  ticks: number;
}

/** The planned signals that are still to come, by ticks of the first task. */
export class PlannedSignals {
  /** Those still to come, in order. */
  private readonly plan: PlannedSignal[];

  /**
   * @param first The task that gets them.
   */
  constructor(
    private readonly first: RecordedTask,
    plan: readonly PlannedSignal[],
  ) {
    this.plan = plan.toSorted((a, b) => a.ticks - b.ticks);
  }

  /** Ticks of a task at which its next signal comes; undefined if none is to come. */
  next(task: RecordedTask): number | undefined {
    return task === this.first ? this.plan[0]?.ticks : undefined;
  }

  /**
   * A task has come to a point.
   *
   * @returns Whether signals are on their way.
   */
  arrived(task: RecordedTask): boolean {
    let sent = false;
    for (
      let next = this.plan[0];
      task === this.first && next && next.ticks <= task.ticks;
      next = this.plan[0]
    ) {
      this.plan.shift();
      tgkill(task.process.pid, task.tid, next.signal);
      sent = true;
    }
    return sent;
  }
}
