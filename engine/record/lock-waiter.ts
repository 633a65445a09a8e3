/**
 * Futexes with priority inheritance: a task that goes to sleep for one marks it as waited for, and the owner acts on
 * that mark while the call still sleeps. The mark is made here, so that it is known when; and nobody else runs until
 * the task is asleep, since an owner that has let go meanwhile would be found to have a waiter later.
 */
import { SYSCALLS } from "../../ffi/mod.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** FUTEX_LOCK_PI and FUTEX_LOCK_PI2, and the options beside the operation (linux/futex.h). */
const LOCKS: readonly number[] = [6, 13];
const OPTIONS = 128 | 256;

/** FUTEX_WAITERS and FUTEX_TID_MASK (linux/futex.h). */
const WAITERS = 0x80000000;
const TID_MASK = 0x3fffffff;

/** Whether a call may go to sleep for such a futex. */
export function waitsForLock(call: Call): boolean {
  return call.number === SYSCALLS.futex && LOCKS.includes(call.int(1) & ~OPTIONS);
}

/** To be called before a task is left to the kernel for that: does what that does first (futex_lock_pi_atomic). */
export function markWaitedFor(recording: Recording, task: RecordedTask, call: Call): void {
  const address = call.argument(0);
  const word = call.u32(address);
  const owner = word & TID_MASK;
  if (owner === 0 || owner === task.id || word >= WAITERS) return;
  const bytes = new Uint8Array(new Uint32Array([word + WAITERS]).buffer);
  task.space.memory.write(address, bytes);
  recording.changedFromOutside(task, [{ address, bytes }]);
}
