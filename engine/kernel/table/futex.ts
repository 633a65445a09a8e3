/**
 * Futexes.
 *
 * Only the operations that lock or compute on behalf of the program write its memory; a plain wait or wake does not.
 *
 * Sources: futex(2); linux/futex.h; `kernel/futex/*.c` of Linux 6.18.
 */
import { out, when } from "../areas.ts";
import type { CallView } from "../call.ts";
import { plain, type Table } from "../entry.ts";

/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME, which go with any operation. */
const OPTIONS = 128 | 256;

/** FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2. */
const SLEEPING = new Set([0, 6, 9, 11, 13]);

/** FUTEX_LOCK_PI and FUTEX_LOCK_PI2. */
const LOCKING = new Set([6, 13]);

/** FUTEX_UNLOCK_PI: its result does not tell whether somebody has waited. */
const UNLOCKING = new Set([7]);

/** FUTEX_TID_MASK: a lock without an owner is taken at once. */
const TID_MASK = 0x3fffffff;

/** FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_LOCK_PI2: the word in argument 0. */
const WRITING_FIRST = new Set([6, 7, 8, 13]);

/** FUTEX_WAKE_OP, FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI: the word in argument 4. */
const WRITING_SECOND = new Set([5, 11, 12]);

function operationIn(operations: ReadonlySet<number>): (call: CallView) => boolean {
  return (call) => operations.has(call.int(1) & ~OPTIONS);
}

function sleeps(call: CallView): boolean {
  if (operationIn(LOCKING)(call) && (call.u32(call.argument(0)) & TID_MASK) === 0) return false;
  return operationIn(SLEEPING)(call);
}

export const FUTEX: Table = {
  // A lock that failed may have set FUTEX_WAITERS or FUTEX_OWNER_DIED before.
  futex: {
    blocks: sleeps,
    // A wake says how many it was for; the others that return 0 have let nobody go.
    wakes: (call) => call.result > 0 || operationIn(UNLOCKING)(call),
    writesAlways: [when(operationIn(WRITING_FIRST), out(0, 4)), when(operationIn(WRITING_SECOND), out(4, 4))],
  },
  futex_wait: { blocks: true, wakes: false },
  futex_waitv: { blocks: true, wakes: false },
  ...plain("futex_wake", "futex_requeue"),
};
