import { expect, test } from "bun:test";
import { OutputTurns } from "./output-turns.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Turns never look into a task: its identity is all that counts. */
const task = (tid: number): RecordedTask => ({ tid }) as RecordedTask;

test("OutputTurns lets one task in, and the others in the order in which they came", () => {
  const turns = new OutputTurns();
  const [a, b, c] = [task(1), task(2), task(3)];
  expect([turns.enter(a), turns.enter(b), turns.enter(c)]).toEqual([true, false, false]);
  expect(turns.next()).toBeUndefined();
  turns.leave(a);
  expect(turns.next()).toBe(b);
  expect(turns.current).toBe(b);
  turns.leave(b);
  expect(turns.next()).toBe(c);
});

test("OutputTurns lets the task in again that is in already: the kernel has started its call once more", () => {
  const turns = new OutputTurns();
  const a = task(1);
  expect([turns.enter(a), turns.enter(a)]).toEqual([true, true]);
});

test("OutputTurns forgets a task that is gone, whether it wrote or waited", () => {
  const turns = new OutputTurns();
  const [a, b, c] = [task(1), task(2), task(3)];
  turns.enter(a);
  turns.enter(b);
  turns.enter(c);
  turns.leave(b);
  turns.leave(a);
  expect(turns.next()).toBe(c);
});

test("OutputTurns does not let a task wait twice", () => {
  const turns = new OutputTurns();
  const [a, b] = [task(1), task(2)];
  turns.enter(a);
  turns.enter(b);
  expect(() => turns.enter(b)).toThrow("task 2 waits for its output already");
});
