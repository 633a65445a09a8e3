/**
 * How far the tasks have come, told to the model: it has no clock and no processor, and counts what it hears of.
 *
 * A task has the processor from the moment it runs to the moment another one does, or it sleeps.
 *
 * Critical sections with elided locks (HLE) are transactions: their branches are told when the section commits. One
 * that is stopped before (by a system call, an interrupt, another task) is aborted, and the attempt's branches have
 * been for nothing: the processor takes the lock for real and runs the same branches once more.
 */
import type { HostModel, Overflow, Progress } from "../../host/model-api.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** See the file's head. */
export class ProgressFeed {
  private running: RecordedTask | undefined;

  constructor(private readonly model: HostModel) {}

  /** A task is about to run. @returns Overflows of the one that ran before. */
  switchTo(task: RecordedTask): readonly Overflow[] {
    if (this.running === task) return [];
    const overflows = this.switchAway();
    this.running = task;
    this.model.switchIn(task.tid);
    return overflows;
  }

  /** The running task loses the processor. */
  switchAway(): readonly Overflow[] {
    const { running } = this;
    if (!running) return [];
    const overflows = this.report(running);
    this.running = undefined;
    this.model.switchOut(running.tid);
    return overflows;
  }

  /** A task is gone, with all that it has done up to now. */
  forget(task: RecordedTask): void {
    if (this.running === task) this.switchAway();
    this.model.exit(task.tid);
  }

  /** The task that runs has come to where its ticks say. */
  report(task: RecordedTask): readonly Overflow[] {
    const { elidedFrom } = task;
    task.elidedFrom = undefined;
    const aborted = elidedFrom === undefined ? 0 : task.ticks - elidedFrom;
    return this.advance(task, task.ticks, { abortedBranches: aborted });
  }

  /** The running task is at an edge of a critical section with an elided lock. */
  elision(task: RecordedTask, edge: "acquire" | "release", ticks: number): readonly Overflow[] {
    const { elidedFrom } = task;
    if (edge === "acquire") {
      // A section that was begun and never committed: its lock was taken, and the program tries again.
      const aborted = elidedFrom === undefined ? 0 : ticks - elidedFrom;
      const overflows = this.advance(task, ticks, { abortedBranches: aborted });
      task.elidedFrom = ticks;
      return overflows;
    }
    task.elidedFrom = undefined;
    if (elidedFrom === undefined) return [];
    return this.advance(task, ticks, { committedBranches: ticks - elidedFrom });
  }

  /** Tells of all branches up to `ticks`; of those that committed, which are not counted twice, too. */
  private advance(task: RecordedTask, ticks: number, inTransactions: Partial<Progress>): readonly Overflow[] {
    if (this.running !== task) return [];
    const branches = Math.max(0, ticks - task.reportedTicks - (inTransactions.committedBranches ?? 0));
    const happened = [branches, ...Object.values(inTransactions)].some((count) => count > 0);
    if (!happened) return [];
    task.reportedTicks = ticks;
    return this.model.advance(task.tid, { branches, ...inTransactions });
  }

  /** Ticks of a task at which its next interrupt comes; undefined if none is due. */
  nextInterrupt(task: RecordedTask): number | undefined {
    const branches = this.model.nextInterrupt(task.tid);
    return branches === undefined ? undefined : task.reportedTicks + branches;
  }
}
