/**
 * The one EINTR loop. JSC stops threads by signal, so any call may be interrupted for no reason of ours, also one that
 * natively never is: a supervisor may look at it first (seccomp_unotify(2); some container runtimes do), and a signal then
 * breaks it off before it is made (kernel/seccomp.c, seccomp_do_user_notification, Linux 6.18).
 */

import { rawSyscall } from "./raw.ts";

const EINTR = -4; // asm-generic/errno-base.h

/**
 * {@link rawSyscall} that begins again when a signal interrupts it: for all calls but waits, which an interrupt must be
 * able to end, and `close`, which has closed the descriptor even if it says EINTR (close(2)).
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
