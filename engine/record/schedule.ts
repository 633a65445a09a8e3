/**
 * Whose turn it is: the ready tasks of a recording, in the order in which they may run.
 *
 * A turn ends with its tick budget (the recorder sees to that) or with its time: a task that makes one short
 * system call after the other uses no budget up, and would keep the others waiting for ever.
 */
import type { RecordedTask } from "./recorded-task.ts";

/** How long a turn may last that is interrupted by system calls. */
const TURN_MS = 10;

/** See the file's head. A task is either in here or blocked in the kernel. */
export class Schedule {
  private readonly ready: RecordedTask[] = [];
  /** When the present turn has to end, once that was asked; else 0. */
  private turnEnds = 0;

  /** How many tasks are ready. */
  get size(): number {
    return this.ready.length;
  }

  /** The task whose turn it is. */
  get first(): RecordedTask | undefined {
    return this.ready[0];
  }

  /** A task can run: it gets the last turn. */
  add(task: RecordedTask): void {
    task.state = "ready";
    this.ready.push(task);
  }

  /** A task is the kernel's until it stops again. */
  block(task: RecordedTask): void {
    task.state = "blocked";
    const at = this.ready.indexOf(task);
    if (at >= 0) this.ready.splice(at, 1);
    if (at === 0) this.turnEnds = 0;
  }

  /** A blocked task has stopped; one that never left keeps its turn. */
  unblock(task: RecordedTask): void {
    if (task.state === "blocked") this.add(task);
  }

  /** The next task's turn. */
  rotate(): void {
    const first = this.ready.shift();
    if (first) this.ready.push(first);
    this.turnEnds = 0;
  }

  /** To be called where a task has just had an event, so that replay finds it there; ends a turn that took too long. */
  checkTime(task: RecordedTask): void {
    if (this.ready.length < 2 || this.ready[0] !== task) return;
    const now = performance.now();
    if (this.turnEnds === 0) this.turnEnds = now + TURN_MS;
    else if (now >= this.turnEnds) this.rotate();
  }
}
