/**
 * What a task looks like when a signal ends its process: enough to unwind its stack afterwards. It is noted while the
 * memory is still there; names and lines are the reader's business.
 */
import { SIGINFO } from "../../ffi/mod.ts";
import { type StackState, stackState } from "../session/stack-state.ts";
import type { Registers } from "../trace/events.ts";
import { FAULT_SIGNALS } from "../tracee/fault.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** The state of a task at a fatal signal, with the number of the signal. */
export interface CrashState extends StackState {
  task: number;
  process: number;
  signal: number;
  /** The address that a fault was about; missing where the signal was sent. */
  address?: string;
  /** Index of the signal's event in the trace. */
  event: number;
}

/** Crashes that are kept: of a program that makes many, the last ones. */
export const MOST_CRASHES = 4;
/** The field si_addr of siginfo_t; si_code is above 0 where the kernel itself sent it (asm-generic/siginfo.h). */
const SI_CODE = 8;
const SI_ADDR = 16;

/**
 * Notes a task that a signal is about to end.
 *
 * @param registers The program's view of them.
 * @param event Index of the signal's event.
 */
export function crashState(
  task: RecordedTask,
  signal: number,
  { siginfo, registers, event }: { siginfo: Uint8Array; registers: Registers; event: number },
): CrashState {
  return {
    task: task.id,
    process: task.process.id,
    signal,
    ...faultAddress(signal, siginfo),
    event,
    ...stackState(task.space, registers),
  };
}

/**
 * What a fault was about, of a signal that the kernel itself has raised.
 *
 * @returns Nothing where the signal was sent.
 */
export function faultAddress(signal: number, siginfo: Uint8Array): { address?: string } {
  const view = new DataView(siginfo.buffer, siginfo.byteOffset, SIGINFO.size);
  if (!FAULT_SIGNALS.includes(signal) || view.getInt32(SI_CODE, true) <= 0) return {};
  return { address: `0x${view.getBigUint64(SI_ADDR, true).toString(16)}` };
}
