/** A stopped task as far as it takes to unwind its stack afterwards, when its memory is gone. */
import { PROT } from "../../ffi/mod.ts";
import { namedRegisters, stackPointerOf } from "../arch/x86_64/registers.ts";
import type { Registers } from "../trace/events.ts";

/** A file that is mapped with the right to execute. */
export interface MappedText {
  start: number;
  end: number;
  /** Byte of the file at `start`. */
  offset: number;
  path: string;
  /** Index in the trace's file list. */
  file: number;
}

/** Registers and the stack's memory of a stopped task, with the modules that its return addresses can lie in. */
export interface StackState {
  /** Registers by name, "0x7ffff7ed9e65" each. */
  registers: Record<string, string>;
  /** Memory from `address` on, at the stack pointer or shortly above it. */
  stack: { address: number; base64: string };
  text: MappedText[];
}

/** An area of memory, as far as a stack or its text may lie in it. */
interface StackArea {
  readonly start: number;
  readonly end: number;
  /** PROT_* bits. */
  readonly protection: number;
  /** Index in the trace's file list, or -1 for anonymous memory. */
  readonly file: number;
  readonly offset: number;
  readonly name: string;
}

/** Memory with a stack in it: an address space of the engine's, or that of any stopped process. */
export interface StackMemory {
  readonly mappings: {
    readonly all: readonly StackArea[];
    find(address: number): StackArea | undefined;
  };
  readonly memory: { read(address: number, length: number): Uint8Array };
}

/** How much of a stack is kept: some hundred frames. */
const STACK_BYTES = 128 * 1024;
/** A stack that has overflown ends at most so far above its pointer, which is in the guard then. */
const GUARD_BYTES = 1024 * 1024;

/**
 * Notes a task's stack.
 *
 * @param registers The program's view of them.
 */
export function stackState({ mappings, memory }: StackMemory, registers: Registers): StackState {
  const top = Number(stackPointerOf(registers));
  const stack =
    mappings.find(top) ?? mappings.all.find(({ start }) => start > top && start - top <= GUARD_BYTES);
  const from = stack === undefined ? top : Math.max(top, stack.start);
  const bytes = stack && memory.read(from, Math.min(STACK_BYTES, stack.end - from)).slice();
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  return {
    registers: Object.fromEntries(namedRegisters(registers).map(([name, value]) => [name, hex(value)])),
    stack: { address: from, base64: Buffer.from(bytes ?? []).toString("base64") },
    text: mappings.all
      .filter(({ protection, file }) => (protection & PROT.EXEC) !== 0 && file >= 0)
      .map(({ start, end, offset, name, file }) => ({ start, end, offset, path: name, file })),
  };
}
