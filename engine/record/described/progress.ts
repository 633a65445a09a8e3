/**
 * How far the tasks have come, told to the model: it has no clock and no processor, and counts what it hears of.
 *
 * A task has the processor from the moment it runs to the moment another one does, or it sleeps.
 *
 * Critical sections with elided locks (HLE) are transactions: their branches are told when the section commits. One
 * that is stopped before (by a system call, an interrupt, another task) is aborted, and the attempt's branches have
 * been for nothing: the processor takes the lock for real and runs the same branches once more.
 */
import type { HostModel, Overflow, Progress, RetiredCounts } from "../../host/model-api.ts";
import { type Quantity, RETIRED } from "../../translate/retired-quantities.ts";
import type { RecordedTask } from "../recorded-task.ts";

type Besides = Pick<Progress, "committedBranches" | "abortedBranches" | "lockedInstructions">;

/** Tells the model who runs, since when, and how far it has come. */
export class ProgressFeed {
  private running: RecordedTask | undefined;

  /**
   * @param overflowed Is told of overflows, while the task that they are of still has the processor.
   */
  constructor(
    private readonly model: HostModel,
    private readonly overflowed: (overflows: readonly Overflow[]) => void,
  ) {}

  /** The task that has the processor. */
  get current(): RecordedTask | undefined {
    return this.running;
  }

  /** A task is about to run. */
  switchTo(task: RecordedTask): void {
    if (this.running === task) return;
    this.switchAway();
    this.running = task;
    this.model.switchIn(task.tid);
  }

  /** The running task loses the processor. */
  switchAway(): void {
    const { running } = this;
    if (!running) return;
    this.report(running);
    this.overflowed(this.model.switchOut(running.tid));
    this.running = undefined;
  }

  /** A task is gone, with all that it has done up to now. */
  forget(task: RecordedTask): void {
    if (this.running === task) this.switchAway();
    this.model.exit(task.tid);
  }

  /** The task that runs has come to where its ticks say. @returns Whether there were overflows. */
  report(task: RecordedTask): boolean {
    const { elidedFrom } = task;
    task.elidedFrom = undefined;
    const aborted = elidedFrom === undefined ? 0 : task.ticks - elidedFrom;
    return this.advance(task, task.ticks, { abortedBranches: aborted });
  }

  /** The running task is at an edge of a critical section with an elided lock, or at a locked instruction. */
  elision(task: RecordedTask, edge: "acquire" | "release" | "lock", ticks: number): void {
    const { elidedFrom } = task;
    if (edge === "lock") {
      this.advance(task, ticks, { lockedInstructions: 1 });
    } else if (edge === "acquire") {
      // A section that was begun and never committed: its lock was taken, and the program tries again.
      const aborted = elidedFrom === undefined ? 0 : ticks - elidedFrom;
      this.advance(task, ticks, { abortedBranches: aborted });
      task.elidedFrom = ticks;
    } else {
      task.elidedFrom = undefined;
      if (elidedFrom !== undefined) this.advance(task, ticks, { committedBranches: ticks - elidedFrom });
    }
  }

  /** Tells of all branches up to `ticks`; of those that committed, which are not counted twice, too. */
  private advance(task: RecordedTask, ticks: number, besides: Besides): boolean {
    if (this.running !== task) return false;
    const retired = this.model.countsRetired ? retiredSince(task) : undefined;
    const branches = Math.max(0, ticks - task.reportedTicks - (besides.committedBranches ?? 0));
    const counts = [branches, retired?.instructions ?? 0, ...Object.values(besides)];
    const happened = counts.some((count) => count > 0);
    // An interrupt may be due that a system call has brought about.
    if (!happened && this.model.nextInterrupt(task.tid) !== 0) return false;
    task.reportedTicks = Math.max(task.reportedTicks, ticks);
    const overflows = this.model.advance(task.tid, { branches, ...besides, ...(retired && { retired }) });
    this.overflowed(overflows);
    return overflows.length > 0;
  }

  /** Ticks of a task at which its next interrupt comes; undefined if none is due. */
  nextInterrupt(task: RecordedTask): number | undefined {
    const branches = this.model.nextInterrupt(task.tid);
    if (branches === undefined) return undefined;
    // How much retires between two branches changes: half of the way is looked at once more.
    const ahead = this.model.countsRetired ? Math.ceil(branches / 2) : branches;
    return task.reportedTicks + ahead;
  }
}

/** What a task has retired since this was asked last. */
function retiredSince({ retired, reportedRetired }: RecordedTask): RetiredCounts {
  const since = (name: Quantity): number => {
    const index = RETIRED.indexOf(name);
    return Math.max(0, retired[index]! - reportedRetired[index]!);
  };
  const counts = {
    instructions: since("instructions"),
    branches: since("branches"),
    notTaken: since("notTaken"),
    calls: since("calls"),
    returns: since("returns"),
    indirect: since("indirect"),
    far: since("far"),
    loads: since("loads"),
    stores: since("stores"),
  };
  reportedRetired.set(retired);
  return counts;
}
