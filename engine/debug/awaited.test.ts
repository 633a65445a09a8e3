import { expect, test } from "bun:test";
import { FS_BASE, REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import { fakeCall } from "../kernel/test/fake-call.ts";
import { type Awaited, awaitedBy, type Other } from "./awaited.ts";
import { circleOf } from "./waits.ts";

const PRIVATE = 128;
const [WAIT, LOCK_PI, WAIT_BITSET, WAKE] = [0, 6, 9, 1];
const BLOCK = 0x7000;

function other(id: number): Other {
  const registers = new BigUint64Array(REGISTER_COUNT);
  registers[FS_BASE] = BigInt(BLOCK + id);
  return { id, registers };
}

/** What a task waits for in futex(2) at 0x1000, beside tasks 11 and 12; 13 has ended. */
function awaited(operation: number, expected: number, u32: Record<number, number>): Awaited {
  const call = fakeCall("futex", [0x1000, operation | PRIVATE, expected], 0, { u32 });
  return awaitedBy(call, [other(11), other(12)], (id) => id >= 11 && id <= 13);
}

test("of a mutex its owner is known, whether it lives or not", () => {
  for (const owner of [11, 13])
    expect(awaited(WAIT, 2, { 4096: 2, 4104: owner })).toEqual({
      kind: "lock",
      address: 0x1000,
      owner,
      ownerAt: 0x1008,
    });
  expect(awaited(WAIT, 2, { 4096: 2, 4104: 99 })).toEqual({ kind: "lock", address: 0x1000 });
});

test("of a stream's lock the owner is known by its thread's block", () => {
  expect(awaited(WAIT, 2, { 4096: 2, 4104: BLOCK + 12 })).toMatchObject({ kind: "lock", owner: 12 });
});

test("of robust locks and those with priority inheritance the owner is in the word", () => {
  expect(awaited(WAIT, 0x80000000 + 12, { 4096: 0x80000000 + 12 })).toMatchObject({
    kind: "lock",
    owner: 12,
  });
  expect(awaited(LOCK_PI, 0, { 4096: 0x80000000 + 11 })).toMatchObject({ kind: "lock", owner: 11 });
});

test("of a lock for readers and writers the writer is known", () => {
  const base = 0x1000 - 8;
  expect(awaited(WAIT_BITSET, 1, { [base]: 3, [base + 24]: 12 })).toEqual({
    kind: "lock",
    address: base,
    owner: 12,
    ownerAt: base + 24,
  });
  // What lies behind a condition is not taken for that.
  expect(awaited(WAIT_BITSET, 1, { [base]: 0, [base + 24]: 12 })).toEqual({ kind: "wake", address: 0x1000 });
});

test("a thread is joined by the word that has its id", () => {
  expect(awaited(WAIT_BITSET, 12, { 4096: 12 })).toEqual({ kind: "thread", thread: 12 });
});

test("what is no wait is something else", () => {
  expect(awaited(WAKE, 1, {})).toEqual({ kind: "other" });
});

test("other calls wait for children, descriptors, signals or time", () => {
  const of = (...[name, args]: Parameters<typeof fakeCall>) =>
    awaitedBy(fakeCall(name, args, 0), [], () => false);
  expect(of("wait4", [-1], 0)).toEqual({ kind: "child" });
  expect(of("wait4", [12], 0)).toEqual({ kind: "child", child: 12 });
  expect(of("waitid", [1, 12], 0)).toEqual({ kind: "child", child: 12 });
  expect(of("read", [5], 0)).toEqual({ kind: "descriptor", descriptor: 5 });
  expect(of("write", [6], 0)).toEqual({ kind: "descriptor", descriptor: 6 });
  expect(of("nanosleep", [0], 0)).toEqual({ kind: "time" });
  expect(of("pause", [], 0)).toEqual({ kind: "signal" });
  expect(of("getpid", [], 0)).toEqual({ kind: "other" });
});

test("circleOf() finds tasks that wait for each other, and leaves out who waits for them alone", () => {
  const lock = (task: number, owner: number) => ({
    task,
    awaits: { kind: "lock", address: 1, owner } as const,
  });
  const thread = (task: number, thread: number) => ({ task, awaits: { kind: "thread", thread } as const });
  expect(circleOf([thread(1, 2), lock(2, 3), lock(3, 4), lock(4, 2)])).toEqual([2, 3, 4]);
  expect(circleOf([lock(5, 5)])).toEqual([5]);
  expect(circleOf([thread(1, 2), lock(2, 3), { task: 3 }])).toEqual([]);
  expect(circleOf([])).toEqual([]);
});
