/**
 * What a line of the table says: only how a call differs from one that just runs and writes no memory.
 */

import type { SyscallName } from "../../ffi/mod.ts";
import type { MemoryWay, SyscallSpec, TaskWay } from "./call.ts";

/** How a system call differs from one that is recorded, does not sleep, and writes no memory. */
export type Entry = Partial<Omit<SyscallSpec, "name" | "number">>;

/** The system calls of one topic. */
export type Table = Partial<Record<SyscallName, Entry>>;

/** Several system calls with the same entry. */
export function all(names: readonly SyscallName[], entry: Entry): Table {
  return Object.fromEntries(names.map((name) => [name, entry]));
}

/** System calls that write no memory, do not sleep, and need nothing else: the result says it all. */
export function plain(...names: SyscallName[]): Table {
  return all(names, {});
}

/** The same system calls, none of which ends the sleep of another task. */
export function calm(table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, { wakes: false, ...entry }]));
}

/** The same system calls, none of which changes a file that is not named otherwise. */
export function changesNothing(table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, { changes: [], ...entry }]));
}

/** A call that changes the address space. */
export function memory(way: MemoryWay): Entry {
  return { handling: "memory", memory: way };
}

/** A call that makes, replaces or ends a task, or returns from a signal. */
export function task(way: TaskWay): Entry {
  return { handling: "task", task: way };
}

/** A call that programs find missing: answered with `-errno` without running. */
export function absent(errno: number, reason: string): Entry {
  return { handling: "absent", errno, reason };
}
