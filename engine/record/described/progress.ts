/**
 * How far the tasks have come, told to the model: it has no clock and no processor, and counts what it hears of.
 *
 * A task has the processor from the moment it runs to the moment another one does, or it sleeps.
 */
import type { HostModel, Overflow } from "../../host/model-api.ts";
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
    const branches = task.ticks - task.reportedTicks;
    if (branches <= 0 || this.running !== task) return [];
    task.reportedTicks = task.ticks;
    return this.model.advance(task.tid, { branches });
  }

  /** Ticks of a task at which its next interrupt comes; undefined if none is due. */
  nextInterrupt(task: RecordedTask): number | undefined {
    const branches = this.model.nextInterrupt(task.tid);
    return branches === undefined ? undefined : task.reportedTicks + branches;
  }
}
