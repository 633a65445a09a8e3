/**
 * Whose turn it is: the ready tasks of a recording, and how long the first of them may go on.
 *
 * A turn ends with its tick budget (the recorder sees to that) or with its events: a task that makes one short
 * system call after the other uses no budget up, and would keep the others waiting for ever. Neither depends on a
 * clock, so that two recordings have the same turns as long as the outside is the same.
 */
import { invariant } from "../engine-error.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Decides what a {@link Schedule} leaves open. Budgets are in ticks per counter (`tracee/budget.ts`). */
export interface SchedulePolicy {
  /** The tick budget of a task that is about to run, `alone` if there is no other task. */
  budget(alone: boolean): number;
  /** Index of the task that gets the next turn; `ready` is not empty and in the order of waiting. */
  choose(ready: readonly RecordedTask[]): number;
  /** How many instructions behind a branch a turn ends that ends there; 0 for right at it. */
  steps(): number;
  /** Whether a turn with so many events is over. */
  isOver(events: number): boolean;
}

/** Ticks per counter that a task may run while others wait for their turn. */
const SLICE = 500_000;
/** The same for a task that is alone. */
const LONG_SLICE = 50_000_000;
/** Events of one turn: some 10 ms of system calls, of which each costs the recorder some 20 µs. */
const TURN_EVENTS = 500;

/** Everybody in turn. */
export const FAIR: SchedulePolicy = {
  budget: (alone) => (alone ? LONG_SLICE : SLICE),
  choose: () => 0,
  steps: () => 0,
  isOver: (events) => events >= TURN_EVENTS,
};

/** The queue of ready tasks. A task is in here, or blocked in the kernel, or queued for its output. */
export class Schedule {
  /** The first one has the turn once {@link chosen} says so; the others are in the order of waiting. */
  private readonly ready: RecordedTask[] = [];
  private chosen = false;
  /** Events of the present turn. */
  private events = 0;
  /** How often somebody has gone to sleep, or has come out. */
  changes = 0;

  constructor(private readonly policy: SchedulePolicy) {}

  /** How many tasks are ready. */
  get size(): number {
    return this.ready.length;
  }

  /** The task whose turn it is. */
  get first(): RecordedTask | undefined {
    if (!this.chosen && this.ready.length > 0) {
      const [next] = this.ready.splice(this.policy.choose(this.ready), 1);
      if (next) this.ready.unshift(next);
      this.chosen = true;
      this.events = 0;
    }
    return this.ready[0];
  }

  /** Ticks per counter that the first task may run. */
  budget(alone: boolean): number {
    return this.policy.budget(alone);
  }

  /** How many instructions behind its branch the present turn ends. */
  steps(): number {
    return this.policy.steps();
  }

  /** A task can run: it gets the last turn, unless another one holds it. */
  add(task: RecordedTask): void {
    this.changes++;
    task.state = "ready";
    invariant(!this.ready.includes(task), `task ${task.tid} waits for two turns`);
    this.ready.push(task);
  }

  /** A task is not to run: it is the kernel's until it stops again, or waits for its output's turn. */
  block(task: RecordedTask, state: "blocked" | "queued" | "held" = "blocked"): void {
    this.changes++;
    task.state = state;
    const at = this.ready.indexOf(task);
    if (at >= 0) this.ready.splice(at, 1);
    if (at === 0) this.chosen = false;
  }

  /** A blocked task has stopped; one that never left keeps its turn. */
  unblock(task: RecordedTask): void {
    if (task.state === "blocked") this.add(task);
  }

  /** The next task's turn. */
  rotate(): void {
    const first = this.ready.shift();
    if (first) this.ready.push(first);
    this.chosen = false;
  }

  /** The task whose turn it is has just had an event, where replay finds it: its turn may be over. */
  hadEvent(task: RecordedTask, events = 1): void {
    if (this.ready.length < 2 || this.ready[0] !== task || !this.chosen) return;
    this.events += events;
    if (this.policy.isOver(this.events)) this.rotate();
  }
}
