/** Faults of the program inside a translation: which signals they raise, and the program's own state at them. */
import { SIG, SIGINFO } from "../../ffi/mod.ts";
import { RIP } from "../arch/x86_64/registers.ts";
import type { Registers } from "../trace/events.ts";
import { CONTEXT } from "../translate/context.ts";
import type { StashedSignal, Task } from "./task.ts";

/** Signals that an instruction itself may raise (signal(7)). */
export const FAULT_SIGNALS: readonly number[] = [
  SIG.SIGILL,
  SIG.SIGTRAP,
  SIG.SIGBUS,
  SIG.SIGFPE,
  SIG.SIGSEGV,
  SIG.SIGSYS,
];

/**
 * Puts the program's registers in place of those of the translation that faulted, and takes back the count of a
 * branch that has not retired.
 *
 * @param task Stopped by the fault, its counters settled.
 * @returns The app pc of the faulting instruction, and the program's registers there.
 */
export function faultingState(task: Task): { pc: number; registers: Registers } {
  const rip = task.number("rip");
  const { cacheSpace } = task.space;
  const { astray } = task;
  if (astray?.at === task.get("rip")) return { pc: astray.pc, registers: task.view(astray.pc) };
  if (astray?.taken?.at === task.get("rip")) task.set("rsp", astray.taken.rsp);
  const position = cacheSpace.cache.position(rip);
  if (!position) {
    const registers = task.view(rip);
    // Where the program has gone astray may be no address that a number holds exactly.
    registers[RIP] = task.get("rip");
    return { pc: rip, registers };
  }
  if (position.rcxSpilled) task.set("rcx", cacheSpace.spilled(CONTEXT.spilledRcx));
  if (position.raxSpilled) task.set("rax", cacheSpace.spilled(CONTEXT.spilledRax));
  if (position.tickRcxSpilled) task.set("rcx", cacheSpace.spilled(CONTEXT.tickRcx));
  if (position.garbageFlags) task.set("eflags", task.get("eflags") & ~BigInt(position.garbageFlags));
  if (position.counted === "tick") task.ticks--;
  else if (position.counted === "jump") task.jumps--;
  return { pc: position.pc, registers: task.view(position.pc) };
}

/** Signals of faults whose address is that of the instruction. */
const SAY_WHERE: readonly number[] = [SIG.SIGILL, SIG.SIGFPE, SIG.SIGTRAP];

/** Lets the signal of a fault in a translation name the instruction of the program, where it names the one at `rip`. */
export function tellPlace({ signal, siginfo }: StashedSignal, rip: bigint, pc: bigint): void {
  const view = new DataView(siginfo.buffer);
  if (SAY_WHERE.includes(signal) && view.getBigUint64(SIGINFO.si_addr, true) === rip)
    view.setBigUint64(SIGINFO.si_addr, pc, true);
}
