/**
 * A system call that never happened, over a memory that the test fills in.
 */
import { SYSCALLS, type SyscallName } from "../../../ffi/mod.ts";
import type { CallView } from "../mod.ts";

/** What the program's memory holds: numbers of 64 or 32 bits by address. */
export interface FakeMemory {
  u64?: Readonly<Record<number, number>>;
  u32?: Readonly<Record<number, number>>;
  strings?: Readonly<Record<number, string>>;
}

/** A call of `name` that returned `result`; what `memory` does not hold reads as 0. */
export function fakeCall(
  name: SyscallName,
  args: readonly number[],
  result: number,
  memory: FakeMemory = {},
): CallView {
  return {
    number: SYSCALLS[name],
    result,
    argument: (i) => args[i] ?? 0,
    int: (i) => (args[i] ?? 0) | 0,
    u32: (address) => memory.u32?.[address] ?? (memory.u64?.[address] ?? 0) >>> 0,
    u64: (address) => memory.u64?.[address] ?? memory.u32?.[address] ?? 0,
    string: (address) => memory.strings?.[address] ?? "",
  };
}
