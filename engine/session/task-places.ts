/** Where tasks stand, as a person wants to know it of a program that hangs: the function that each is in, and its callers. */
import { syscallName } from "../../ffi/mod.ts";
import { returnAddresses, STACK_BYTES } from "../arch/x86_64/return-addresses.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Task } from "../tracee/task.ts";

/** An address in a program's text. */
export interface CodePlace {
  /** "0x7ffff7ed9e65" */
  pc: string;
  /** The file that is mapped there, its index in the trace's file list, and the byte in it; missing where none is. */
  path?: string;
  file?: number;
  offset?: number;
}

/** Where one task stands. */
export interface TaskPlace {
  task: number;
  process: number;
  /** `blocked` in a system call, or `ready` to run. */
  state: "blocked" | "ready";
  at: CodePlace;
  /** The system call that it is in. */
  syscall?: string;
  /**
   * Addresses on its stack that follow a call instruction, nearest first: nearly always the callers. What an earlier
   * call has left there and nothing has overwritten looks the same.
   */
  callers: CodePlace[];
}

/** The place of an address in a program's memory. */
function codePlace(space: AddressSpace, pc: number): CodePlace {
  const mapping = space.mappings.find(pc);
  const place = { pc: `0x${pc.toString(16)}` };
  if (mapping === undefined || mapping.file < 0) return place;
  return { ...place, path: mapping.name, file: mapping.file, offset: mapping.offset + (pc - mapping.start) };
}

/** What is known of where a task stands. */
export interface Whereabouts {
  /** App pc; undefined where that can't be told. */
  pc: number | undefined;
  stackPointer: number;
  /** The number of the system call that it is in. */
  syscall: number | undefined;
}

/** The place of a task. */
export function placeOf({ id, process, space }: Task, { pc, stackPointer, syscall }: Whereabouts): TaskPlace {
  return {
    task: id,
    process: process.id,
    state: syscall === undefined ? "ready" : "blocked",
    at: pc === undefined ? { pc: "unknown" } : codePlace(space, pc),
    ...(syscall !== undefined && { syscall: syscallName(syscall) }),
    callers: callersOn(space, stackPointer),
  };
}

/** The callers that a stack tells of. */
function callersOn(space: AddressSpace, stackPointer: number): CodePlace[] {
  const end = space.mappings.find(stackPointer)?.end;
  if (end === undefined) return [];
  const stack = space.memory.read(stackPointer, Math.min(STACK_BYTES, end - stackPointer)).slice();
  const text = {
    executable: (address: number) => space.mappings.executable(address),
    read: (address: number, length: number) => space.memory.read(address, length),
  };
  return returnAddresses(stack, text).map((address) => codePlace(space, address));
}
