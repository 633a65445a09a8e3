/**
 * Single steps of a program that has set the trap flag: the SIGTRAP behind each of its instructions, which the processor would
 * raise, and raises behind those of the code cache here.
 */

import { SIG, SIGINFO } from "../../ffi/mod.ts";
import { afterStep } from "../arch/x86_64/signal-frame.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { DeliveryPoint } from "./delivery.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** si_code of a single step (asm-generic/siginfo.h). */
const TRAP_TRACE = 2;

/** The signal (send_sigtrap in arch/x86/kernel/ptrace.c, Linux 6.18). */
export function stepSignal(pc: number): StashedSignal {
  const siginfo = new Uint8Array(SIGINFO.size);
  const view = new DataView(siginfo.buffer);
  view.setInt32(SIGINFO.si_signo, SIG.SIGTRAP, true);
  view.setInt32(SIGINFO.si_code, TRAP_TRACE, true);
  view.setBigUint64(SIGINFO.si_addr, BigInt(pc), true);
  return { signal: SIG.SIGTRAP, siginfo };
}

/** Where it comes: the task is at the trap behind the instruction. */
export function stepPoint(task: RecordedTask, pc: number): DeliveryPoint {
  task.lastFault = afterStep(task.lastFault);
  return { point: "fault", registers: task.view(pc), atSignalStop: true, isStep: true };
}
