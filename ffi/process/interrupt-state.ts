/**
 * The few words that the signal handler and JS share, and the machine code that reads them. One per process,
 * like the signal dispositions themselves. It belongs to no class, because the code must know its address.
 */

import { loadCode, NativeBuffer } from "../memory/mod.ts";
import { CONTROL_LISTING } from "../stubs/control.ts";

/** Offsets in {@link interruptState}, in bytes; `stubs/control.ts` uses the same. */
export const INTERRUPT_STATE = {
  size: 32,
  /** u64: one bit per pending signal, bit signal − 1. */
  pending: 0,
  /** u64: signals that have arrived in all. */
  count: 8,
  /** i32: 1 while the wait is between its check and its end. */
  waiting: 16,
  /** i32: thread that waits; the handler forwards signals to it. */
  owner: 20,
  /** i32: its process. */
  process: 24,
} as const;

/** The shared words. Never disposed: a handler may run at any time. */
export const interruptState: NativeBuffer = NativeBuffer.map(INTERRUPT_STATE.size);

/** Address of a label of the control code. */
export const controlCode: (label: string) => number = loadCode(CONTROL_LISTING, {
  interrupts: interruptState.address,
});
