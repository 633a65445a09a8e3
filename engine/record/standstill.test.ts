import { expect, test } from "bun:test";
import { SYSCALLS } from "../../ffi/mod.ts";
import { fakeCall } from "../kernel/test/fake-call.ts";
import { EndlessWatch, type Sleeper, Standstill } from "./standstill.ts";

const [WAIT, WAKE] = [128, 129];
const blocked = (call: Sleeper["call"], tid = 1): Sleeper => ({ tid, state: "blocked", call });
const waits = blocked(fakeCall("futex", [0x1000, WAIT, 2, 0], 0));
const forChild = blocked(fakeCall("wait4", [-1], 0), 2);

function isStuck(tasks: Sleeper[], letter = "S", seen: readonly number[] = []): boolean | "soon" {
  const watch = new EndlessWatch({ whenStuck: true }, () => letter);
  for (const number of seen) watch.saw(number);
  return watch.isStuck(tasks);
}

test("tasks are stuck that all wait for what only another one of them does", () => {
  expect(isStuck([waits, forChild])).toBe(true);
});

test("a task that runs, sleeps for some time, or waits for something from outside goes on", () => {
  for (const other of [
    { ...waits, state: "ready" as const },
    blocked(undefined),
    blocked(fakeCall("futex", [0x1000, WAIT, 2, 0x2000], 0)),
    blocked(fakeCall("futex", [0x1000, WAKE, 2, 0], 0)),
    blocked(fakeCall("read", [0, 0, 1], 0)),
    blocked(fakeCall("nanosleep", [0], 0)),
  ])
    expect(isStuck([waits, other])).toBe(false);
});

test("one that the kernel has woken already may go on, and one that a timer wakes does", () => {
  expect(isStuck([waits], "R")).toBe("soon");
  expect(isStuck([waits], "S", [SYSCALLS.setitimer])).toBe(false);
  expect(isStuck([waits], "S", [SYSCALLS.getpid])).toBe(true);
});

test("nothing is stuck, and nothing takes too many turns, where nobody wants to know", () => {
  const watch = new EndlessWatch(undefined, () => "S");
  expect(watch.isStuck([waits])).toBe(false);
  for (let i = 0; i < 100; i++) watch.turn();
});

test("the turn that is one too many ends the recording", () => {
  const watch = new EndlessWatch({ whenStuck: false, afterTurns: 3 });
  for (let i = 0; i < 3; i++) watch.turn();
  expect(() => watch.turn()).toThrow(Standstill);
});
