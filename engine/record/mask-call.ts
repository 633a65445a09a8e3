/**
 * Changes of a task's signal mask (rt_sigprocmask) that the recorder makes by itself, at the task's one stop in front of the
 * call: a shell makes ten for each program that it starts, and a C library some around each birth.
 *
 * The rules are those of sys_rt_sigprocmask and sigprocmask (kernel/signal.c, Linux 6.18). What is not plain (an address that
 * can't be read or written, an unknown way, other threads, which might have to take a signal over that waits for the process)
 * is left to the kernel.
 */
import {
  getSigMask,
  PROT,
  SIG,
  SIG_HOW,
  SIGSET_SIZE,
  SYSCALLS,
  setSigMask,
  signalBit,
} from "../../ffi/mod.ts";
import { uses } from "../optimisations.ts";
import { request } from "../tracee/controller.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Signals that nobody can block; SIGTRAP is blocked for the program alone (`trap-signal.ts`). */
const NEVER = signalBit(SIG.SIGKILL) | signalBit(SIG.SIGSTOP) | signalBit(SIG.SIGTRAP);

/**
 * Makes the change that a call asks for.
 *
 * @returns The call's result; undefined if the kernel is to be asked.
 */
export function changeMask(task: RecordedTask, call: Call): number | undefined {
  if (call.number !== SYSCALLS.rt_sigprocmask || !uses("once")) return undefined;
  const [how, given, old] = [call.int(0), call.argument(1), call.argument(2)];
  // A mask that is put back later is not the program's.
  if (call.argument(3) !== SIGSET_SIZE || task.savedMask !== undefined || task.process.tasks.size > 1)
    return undefined;
  const { memory } = task.space;
  const mask = request(task, getSigMask);
  let next = mask;
  if (given !== 0) {
    const set = memory.read(given, SIGSET_SIZE).slice();
    if (set.length < SIGSET_SIZE) return undefined;
    const named = new DataView(set.buffer).getBigUint64(0, true) & ~NEVER;
    if (how === SIG_HOW.BLOCK) next = mask | named;
    else if (how === SIG_HOW.UNBLOCK) next = mask & ~named;
    else if (how === SIG_HOW.SETMASK) next = named;
    else return undefined;
    call.input = set;
  }
  if (old !== 0) {
    if (!isWritable(task, old, SIGSET_SIZE)) return undefined;
    memory.write(old, new Uint8Array(new BigUint64Array([mask]).buffer));
  }
  if (next !== mask) request(task, (tid) => setSigMask(tid, next));
  return 0;
}

/** Whether the program can write to memory that is there. */
function isWritable({ space }: RecordedTask, address: number, length: number): boolean {
  const mapping = space.mappings.find(address);
  if (mapping === undefined || mapping.end < address + length || (mapping.protection & PROT.WRITE) === 0)
    return false;
  return space.memory.read(address, length).length === length;
}
