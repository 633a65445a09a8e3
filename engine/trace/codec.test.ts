import { expect, test } from "bun:test";
import { oneOfEach, readAll, record, registers, syscalls, temporaryFolder } from "./_fixtures.ts";
import { KINDS } from "./layout.ts";
import { TraceReader } from "./reader.ts";

test("an event of each kind is read as it was written", () => {
  using folder = temporaryFolder();
  const events = oneOfEach();
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  record(folder.path("run"), events);
  expect(readAll(folder.path("run"))).toEqual({ events, incomplete: undefined });
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
