/** The one EINTR loop: JSC stops threads by signal, so any call may be interrupted for no reason of ours. */

import { rawSyscall } from "./raw.ts";

const EINTR = -4; // asm-generic/errno-base.h

/**
 * {@link rawSyscall} that begins again when a signal interrupts it. Only for calls that may be repeated with
 * the same arguments, and not for waits, which an interrupt must be able to end.
 */
export function retry(
  nr: number,
  a: number | bigint = 0,
  b: number | bigint = 0,
  c: number | bigint = 0,
  d: number | bigint = 0,
  e: number | bigint = 0,
  f: number | bigint = 0,
): number {
  for (;;) {
    const result = rawSyscall(nr, a, b, c, d, e, f);
    if (result !== EINTR) return result;
  }
}
