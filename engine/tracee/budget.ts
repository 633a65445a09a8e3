/**
 * Budgets of ticks: how far a task may run before its counters trap, and how far it has come.
 *
 * Counters count down. One that reaches zero traps before its branch retires, so the branch of a trap is counted
 * though it has not retired. Budgets whose sum of (budget - 1) is at most N trap at the (N + 1)th tick at the
 * latest: they can't let a task pass N.
 */
import { invariant } from "../engine-error.ts";
import { JUMP_COUNTER, TICK_COUNTERS } from "../translate/context.ts";
import type { Task } from "./task.ts";

/** Counts that no program reaches between two stops. */
export const UNLIMITED = 0x7fffffff;

/**
 * Sets the next budget. What was counted before must have been settled.
 *
 * @param ticks Budget of each tick counter.
 * @param jumps Budget of the back-jump counter.
 */
export function arm(task: Task, ticks: (counter: number) => number, jumps = UNLIMITED): void {
  const { counters } = task.space.cacheSpace;
  for (let i = 0; i < TICK_COUNTERS; i++) task.armed[i] = counters[i] = clampBudget(ticks(i));
  task.armed[JUMP_COUNTER] = counters[JUMP_COUNTER] = clampBudget(jumps);
}

/** Share of an exact budget that goes to the counters which were used last. */
const TRUST = 0.9;

/** Ticks that a task has before it has come to `ticks`, the branch of a poll that it stands at not among them. */
export function ticksLeft(task: Task, ticks: number): number {
  return ticks - task.ticks - (task.poll?.counter === "tick" ? 1 : 0);
}

/**
 * Sets budgets that let a task come near a tick and can't overshoot: together they trap before tick `ticks + 1` at
 * the latest. A few such steps lead there exactly.
 *
 * @param ticks Ticks to be reached, counted from the task's start.
 */
export function armUpTo(task: Task, ticks: number, jumps = UNLIMITED): void {
  const left = Math.min(ticksLeft(task, ticks), UNLIMITED);
  const used = task.share.reduce((sum, count) => sum + count, 0);
  const even = left / TICK_COUNTERS;
  arm(
    task,
    (counter) => {
      const learnt = used > 0 ? (left * task.share[counter]!) / used : even;
      return 1 + Math.floor(TRUST * learnt + (1 - TRUST) * even);
    },
    jumps,
  );
  invariant(canNotPass(task, left), `budgets that let a task pass tick ${ticks}`);
}

/** Whether the budgets that a task is armed with trap before it has gone on by more than so many ticks. */
function canNotPass({ armed }: Task, left: number): boolean {
  let sum = 0;
  for (let i = 0; i < TICK_COUNTERS; i++) sum += armed[i]! - 1;
  return sum <= Math.max(left, 0);
}

/** Ticks of a task together with what its counters are armed with: what they hold now is what is left of that. */
export function ticksArmed(task: Task): number {
  let sum = task.ticks;
  for (let i = 0; i < TICK_COUNTERS; i++) sum += task.armed[i]!;
  return sum;
}

/** Adds what the counters have counted since they were armed to the task's ticks and jumps, and what has retired. */
export function readTicks(task: Task): void {
  const { counters } = task.space.cacheSpace;
  let ticks = 0;
  for (let i = 0; i < TICK_COUNTERS; i++) {
    const used = task.armed[i]! - counters[i]!;
    task.armed[i] = counters[i]!;
    task.share[i] = used;
    ticks += used;
  }
  task.ticks += ticks;
  task.jumps += task.armed[JUMP_COUNTER]! - counters[JUMP_COUNTER]!;
  task.armed[JUMP_COUNTER] = counters[JUMP_COUNTER]!;
  if (task.space.cacheSpace.countsRetired) task.space.cacheSpace.takeRetired(task.retired);
}

function clampBudget(count: number): number {
  return count < 1 ? 1 : count > UNLIMITED ? UNLIMITED : count;
}
