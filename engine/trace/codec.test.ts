import { expect, test } from "bun:test";
import { calls, oneOfEach, readAll, record, registers, syscalls, temporaryFolder } from "./_fixtures.ts";
import { formatEvent } from "./dump.ts";
import type { TraceEvent } from "./events.ts";
import { KINDS } from "./layout.ts";
import { TraceReader } from "./reader.ts";
import { summarize } from "./summary.ts";

const CALLS = [
  calls([
    { number: 228, args: [1n, 0x1000n], writes: [{ address: 0x1000n, bytes: new Uint8Array(16).fill(3) }] },
    { number: 39, result: 100n },
    {
      number: 0,
      args: [3n, 16n, 5n],
      result: 5n,
      writes: [{ address: 16n, bytes: new Uint8Array(5).fill(7) }],
    },
  ]),
];

test("an event of each kind is read as it was written", () => {
  using folder = temporaryFolder();
  const events = [...CALLS, ...oneOfEach()];
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  record(folder.path("run"), events);
  expect(readAll(folder.path("run"))).toEqual({ events, incomplete: undefined });
});

test("a switch at a step is read as it was written, and its steps have bounds", () => {
  using folder = temporaryFolder();
  const [end] = oneOfEach().slice(-1);
  const at = (from: number, count: number, ticks = 20): TraceEvent => ({
    kind: "switch",
    task: 100,
    ticks,
    registers: registers(7n),
    point: "step",
    jumps: 3,
    steps: { from, count },
  });
  const events = [at(20, 1), at(19, 4096), at(0, 3), end!];
  record(folder.path("run"), events);
  expect(readAll(folder.path("run"))).toEqual({ events, incomplete: undefined });
  for (const [i, bad] of [at(21, 1), at(20, 0), at(20, 4097)].entries()) {
    record(folder.path(`bad-${i}`), [bad, end!]);
    expect(() => readAll(folder.path(`bad-${i}`))).toThrow(/steps from tick/);
  }
});

test("singles() tells of calls one by one, with the indices that they would have as events of their own", () => {
  using folder = temporaryFolder();
  const [end] = oneOfEach().slice(-1);
  record(folder.path("run"), [...CALLS, end!]);
  const reader = TraceReader.open(folder.path("run"));
  const lines = [...reader.singles()].map(([index, event]) => formatEvent(event, index));
  expect(lines).toEqual([
    "0 task 100 ticks 21 pc 0x401000: clock_gettime(0x1, 0x1000) = 0, writes 16 at 0x1000",
    "1 task 100 ticks 22 pc 0x401000: getpid() = 100",
    "2 task 100 ticks 23 pc 0x401000: read(0x3, 0x10, 0x5) = 5, writes 5 at 0x10",
    "3 task 100 ticks 21 pc 0x25: end, exited with 1: it says\\x0aso",
  ]);
  expect(reader.position).toBe(3);
  expect(summarize(folder.path("run"))).toMatchObject({
    events: 4,
    buffered: 3,
    syscalls: { clock_gettime: 1, getpid: 1, read: 1 },
  });
});

test("calls that are none are damage", () => {
  const [good] = CALLS;
  const damages: [why: string, change: (bytes: Uint8Array) => Uint8Array][] = [
    ["a size beyond the end", (bytes) => bytes.with(0, 0xff)],
    ["a size that is no whole words", (bytes) => bytes.with(0, bytes[0]! + 4)],
    ["a size of nothing", (bytes) => bytes.with(0, 0)],
    ["more arguments than there can be", (bytes) => bytes.with(6, 7)],
    ["more writes than there are", (bytes) => bytes.with(7, 2)],
    ["a write beyond the record", (bytes) => bytes.with(32 + 16 + 8, 200)],
    ["a write of a length that no number holds", (bytes) => bytes.with(32 + 16 + 15, 0xff)],
    ["a record less", (bytes) => bytes.slice(0, 32 + 16 + 16 + 16)],
    ["the beginning of one more", (bytes) => Uint8Array.from([...bytes, ...new Uint8Array(8)])],
  ];
  for (const [why, change] of damages) {
    using folder = temporaryFolder();
    record(folder.path("run"), [{ ...good!, records: change(good!.records) }, ...oneOfEach().slice(-1)]);
    expect(() => readAll(folder.path("run")), why).toThrow("damaged");
  }
  using folder = temporaryFolder();
  record(folder.path("run"), [{ ...good!, records: new Uint8Array(0), count: 0 }]);
  expect(() => readAll(folder.path("run"))).toThrow("0 calls in 0 bytes");
});

test("a chunk that starts in the middle of a task's life is read on its own", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), oneOfEach(), { cutEach: true });
  expect(readAll(folder.path("run")).events).toEqual(oneOfEach());
});

test("registers that the reader's caller changes do not leak into later events", () => {
  using folder = temporaryFolder();
  const events = syscalls(10);
  record(folder.path("run"), events);
  const reader = TraceReader.open(folder.path("run"));
  for (const event of events) {
    const read = reader.next();
    expect(read).toEqual(event);
    read?.registers.fill(7n);
  }
});

test("peek() returns the event that next() returns then, and position counts what next() returned", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), syscalls(2));
  const reader = TraceReader.open(folder.path("run"));
  expect(reader.position).toBe(-1);
  const first = reader.peek();
  expect(reader.peek()).toBe(first);
  expect(reader.position).toBe(-1);
  expect(reader.next()).toBe(first);
  expect(reader.position).toBe(0);
  expect(reader.next()?.registers).not.toEqual(registers(0n));
  expect(reader.next()).toBeUndefined();
  expect(reader.position).toBe(1);
});
