/** What is kept of descriptors, and forgotten, by the facts of the table of system calls: on descriptors of this process. */
import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { CLONE, SYSCALLS, type SyscallName } from "../../../ffi/mod.ts";
import { syscallSpec } from "../../kernel/mod.ts";
import { fakeCall } from "../../kernel/test/fake-call.ts";
import { DescriptorTable } from "./table.ts";

/** A descriptor that nobody has. */
const NONE = 1_000_000;
/** One that can be noted as quiet, which nobody looks up: those that are open here may be beyond what can be. */
const LOW = 9;

/** Tells a table of a call that has ended; the table from then on. */
function ended(table: DescriptorTable, name: SyscallName, args: number[], result: number): DescriptorTable {
  const change = syscallSpec(SYSCALLS[name])?.descriptors;
  return change ? table.after(change, fakeCall(name, args, result)) : table;
}

/** A table that has looked at a descriptor, whose number leads to another file by now; the number is closed in the end. */
function outdated(use: (table: DescriptorTable, fd: number) => void): void {
  const fd = openSync("/dev/null", "r");
  const table = new DescriptorTable();
  expect(table.link(process.pid, fd)).toBe("/dev/null");
  table.quiet.note(LOW, ["read"]);
  closeSync(fd);
  const again = openSync("/dev/zero", "r");
  try {
    // The lowest one that is free.
    expect(again).toBe(fd);
    use(table, fd);
  } finally {
    closeSync(again);
  }
}

test("a DescriptorTable keeps what it has seen", () => {
  outdated((table, fd) => {
    expect(ended(table, "fstat", [fd, 0], 0).link(process.pid, fd)).toBe("/dev/null");
    expect(table.quiet.knows(LOW)).toBe(true);
  });
});

test.each<[SyscallName, (fd: number) => number[], (fd: number) => number]>([
  ["close", (fd) => [fd], () => 0],
  ["openat", () => [-100, 0, 0], (fd) => fd],
  ["dup2", (fd) => [0, fd], (fd) => fd],
  ["fcntl", () => [0, 0, 3], (fd) => fd],
  ["close_range", (fd) => [fd, fd, 0], () => 0],
  ["recvmsg", () => [0, 0, 0], () => 1],
])("a DescriptorTable looks once more after %s", (name, args, result) => {
  outdated((table, fd) => {
    expect(ended(table, name, args(fd), result(fd))).toBe(table);
    expect(table.link(process.pid, fd)).toBe("/dev/zero");
    expect(table.file(process.pid, fd)?.isFile).toBe(false);
    ended(table, name, args(LOW), result(LOW));
    expect(table.quiet.knows(LOW)).toBe(false);
  });
});

test("a DescriptorTable keeps the others after a close", () => {
  outdated((table, fd) => {
    ended(table, "close", [fd + 1], 0);
    expect(table.link(process.pid, fd)).toBe("/dev/null");
  });
});

test("a call that parts a task's descriptors from others' gives it a DescriptorTable of its own", () => {
  const table = new DescriptorTable();
  expect(ended(table, "unshare", [CLONE.FILES], 0)).not.toBe(table);
  expect(ended(table, "unshare", [CLONE.FS], 0)).toBe(table);
  expect(ended(table, "close_range", [3, NONE, 2], 0)).not.toBe(table);
});

test("a DescriptorTable does not keep that a descriptor is not open", () => {
  const table = new DescriptorTable();
  const fd = openSync("/dev/null", "r");
  closeSync(fd);
  expect(table.link(process.pid, fd)).toBe("");
  expect(table.file(process.pid, fd)).toBeUndefined();
  const again = openSync("/dev/null", "r");
  expect(table.link(process.pid, again)).toBe("/dev/null");
  closeSync(again);
});
