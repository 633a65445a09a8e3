/**
 * Budgets of ticks: how far a task may run before its counters trap, and how far it has come.
 *
 * Counters count down. One that reaches zero traps before its branch retires, so the branch of a trap is counted
 * though it has not retired. Budgets whose sum of (budget - 1) is at most N trap at the (N + 1)th tick at the
 * latest: they can't let a task pass N.
 */
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
  const { counters } = task.space.image;
  for (let i = 0; i < TICK_COUNTERS; i++) task.armed[i] = counters[i] = clampBudget(ticks(i));
  task.armed[JUMP_COUNTER] = counters[JUMP_COUNTER] = clampBudget(jumps);
}

/** Adds what the counters have counted since they were armed to the task's ticks and jumps. */
export function settle(task: Task): void {
  const { counters } = task.space.image;
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
}

function clampBudget(count: number): number {
  return count < 1 ? 1 : count > UNLIMITED ? UNLIMITED : count;
}
