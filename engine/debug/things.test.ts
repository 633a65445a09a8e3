import { expect, test } from "bun:test";
import { AT_FDCWD, ERRNO, O } from "../../ffi/mod.ts";
import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import { type FakeMemory, fakeCall } from "../kernel/test/fake-call.ts";
import type { TraceEvent } from "../trace/events.ts";
import { type Doer, type Thing, thingsOfCall, thingsOfEvent } from "./things.ts";

/** Process 20 with threads 20 and 21, a child of 10. */
const DOER: Doer = {
  process: 20,
  cwd: "/work",
  processOf: (task) => (task === 21 ? 20 : task),
  parentOf: (process) => (process === 20 ? 10 : undefined),
};
const PATHS: FakeMemory = { strings: { 100: "lock", 200: "/tmp//x/../lock" } };

function things(...[name, args, result]: Parameters<typeof fakeCall>): Thing[] {
  return thingsOfCall(fakeCall(name, args, result, PATHS), DOER);
}

test("whoever looks at a file reads its name, and whoever makes it writes it", () => {
  const name = "the file /work/lock";
  expect(things("access", [100, 0], -ERRNO.ENOENT)).toEqual([{ name, isWrite: false }]);
  expect(things("newfstatat", [AT_FDCWD, 100], 0)).toContainEqual({ name, isWrite: false });
  expect(things("openat", [AT_FDCWD, 100, O.CREAT | O.WRONLY], 5)).toEqual([
    { name, isWrite: true },
    { name: "descriptor 5 of process 20", isWrite: true },
  ]);
  expect(things("openat", [AT_FDCWD, 100, O.RDONLY], 5)).toContainEqual({ name, isWrite: false });
  expect(things("mkdir", [100, 0o700], 0)).toEqual([{ name, isWrite: true }]);
  expect(things("unlink", [100], 0)).toEqual([{ name, isWrite: true }]);
  expect(things("symlink", [300, 100], 0)).toEqual([{ name, isWrite: true }]);
});

test("both names of a rename are written", () => {
  expect(things("rename", [100, 200], 0)).toEqual([
    { name: "the file /work/lock", isWrite: true },
    { name: "the file /tmp/lock", isWrite: true },
  ]);
});

test("what fails has changed nothing", () => {
  expect(things("openat", [AT_FDCWD, 100, O.CREAT | O.WRONLY], -ERRNO.EEXIST)).toEqual([
    { name: "the file /work/lock", isWrite: false },
  ]);
  expect(things("unlink", [100], -ERRNO.ENOENT)).toEqual([{ name: "the file /work/lock", isWrite: false }]);
});

test("descriptors are used, given and closed; their files are found later", () => {
  const name = "descriptor 5 of process 20";
  expect(things("read", [5, 0, 8], 8)).toEqual([
    { name, isWrite: false },
    { name: "", isWrite: false, descriptor: 5 },
  ]);
  expect(things("write", [5, 0, 8], 8)).toEqual([
    { name, isWrite: false },
    { name: "", isWrite: true, descriptor: 5 },
  ]);
  expect(things("close", [5], 0)).toEqual([{ name, isWrite: true }]);
  expect(things("dup", [3], 5)).toEqual([{ name, isWrite: true }]);
});

test("signals are written by who sends them and read by who gets them or sleeps", () => {
  const sent = { name: "the signals of process 20", isWrite: true, isSignal: true as const };
  expect(things("kill", [20, 10], 0)).toEqual([sent]);
  expect(things("tgkill", [20, 21, 10], 0)).toEqual([sent]);
  expect(things("tkill", [21, 10], 0)).toEqual([sent]);
  expect(things("kill", [20, 10], -ERRNO.ESRCH)).toEqual([]);
  // A group is no process.
  expect(things("kill", [-20, 10], 0)).toEqual([]);
  const registers = new BigUint64Array(REGISTER_COUNT);
  const base = { task: 20, ticks: 0, registers, jumps: 0 };
  const asleep: TraceEvent = { ...base, kind: "switch", point: "syscall" };
  expect(thingsOfEvent(asleep, DOER)).toEqual([{ ...sent, isWrite: false }]);
  expect(thingsOfEvent({ ...asleep, point: "tick" }, DOER)).toEqual([]);
});

test("the end of a process is a signal for its parent", () => {
  const registers = new BigUint64Array(REGISTER_COUNT);
  const end: TraceEvent = { kind: "exit", task: 20, ticks: 0, registers, status: 0, writes: [] };
  expect(thingsOfEvent(end, DOER)).toEqual([
    { name: "the signals of process 10", isWrite: true, isSignal: true },
  ]);
  expect(thingsOfEvent({ ...end, task: 21 }, DOER)).toEqual([]);
});
