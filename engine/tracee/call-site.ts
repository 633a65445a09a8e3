/** The system call that a task has come to, as the program sees it: where it is in the program's text, and its registers. */

import { setCallRegisters } from "../arch/x86_64/call-abi.ts";
import type { Registers } from "../trace/events.ts";
import type { Task } from "./task.ts";

/** See the file's head. */
export interface CallSite {
  /** App pc of the `syscall` instruction, and of the one behind it. */
  readonly pc: number;
  readonly next: number;
  readonly number: number;
  /** The program's registers at it; rcx as the call leaves it. */
  readonly registers: Registers;
}

/**
 * The call at whose entry a task is stopped.
 *
 * @returns undefined if it was not made by a translation of the program's text: the program runs memory of the engine's.
 */
export function callSite(task: Task): CallSite | undefined {
  const site = task.space.cacheSpace.cache.syscallAt(task.number("rip"));
  if (site === undefined) return undefined;
  const { pc, next } = site;
  const registers = task.view(pc);
  setCallRegisters(registers, task.get("orig_rax"), next);
  return { pc, next, number: task.callNumber, registers };
}
