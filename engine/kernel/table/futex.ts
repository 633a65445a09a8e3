/**
 * Futexes.
 *
 * Only the operations that lock or compute on behalf of the program write its memory; a plain wait or wake does not.
 *
 * Sources: futex(2); linux/futex.h; `kernel/futex/*.c` of Linux 6.18.
 */
import { field, int } from "../amounts.ts";
import { out, when } from "../areas.ts";
import { bits, type Condition, every, not, oneOf, resultAbove, some } from "../conditions.ts";
import { changesNothing, plain, type Table } from "../entry.ts";

/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME, which go with any operation. */
const OPTIONS = 128 | 256;

/** FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2. */
const SLEEPING = [0, 6, 9, 11, 13];

/** FUTEX_LOCK_PI and FUTEX_LOCK_PI2. */
const LOCKING = [6, 13];

/** FUTEX_UNLOCK_PI: its result does not tell whether somebody has waited. */
const UNLOCKING = [7];

/** FUTEX_TID_MASK: a lock without an owner is taken at once. */
const TID_MASK = 0x3fffffff;

/** FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_LOCK_PI2: the word in argument 0. */
const WRITING_FIRST = [6, 7, 8, 13];

/** FUTEX_WAKE_OP, FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI: the word in argument 4. */
const WRITING_SECOND = [5, 11, 12];

function operationIn(operations: readonly number[]): Condition {
  return oneOf(int(1), operations, ~OPTIONS);
}

const TAKES_FREE_LOCK = every(operationIn(LOCKING), not(bits(field(0, 0, 32), TID_MASK)));

export const FUTEX: Table = changesNothing({
  // A lock that failed may have set FUTEX_WAITERS or FUTEX_OWNER_DIED before.
  futex: {
    sleepsFor: "wakes of futexes",
    blocks: every(operationIn(SLEEPING), not(TAKES_FREE_LOCK)),
    // A wake says how many it was for; the others that return 0 have let nobody go.
    wakes: some(resultAbove(0), operationIn(UNLOCKING)),
    writesAlways: [when(operationIn(WRITING_FIRST), out(0, 4)), when(operationIn(WRITING_SECOND), out(4, 4))],
  },
  futex_wait: { blocks: true, wakes: false, sleepsFor: "wakes of futexes" },
  futex_waitv: { blocks: true, wakes: false, sleepsFor: "wakes of futexes" },
  ...plain("futex_wake", "futex_requeue"),
});
