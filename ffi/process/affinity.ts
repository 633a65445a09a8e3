/** Which processor a thread runs on, and who else may: a tracer and its tracee take turns on one. */

import { retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";

const MASK_BYTES = 128; // 1,024 processors: the kernel refuses a mask shorter than its own (EINVAL)

/**
 * The processors that a thread may use: one bit each. New threads and children inherit them.
 *
 * @param tid The thread; 0 is the calling one.
 * @throws SyscallError ESRCH when there is no such thread. Source: sched_setaffinity(2).
 */
export function getAffinity(tid: number): bigint {
  const bytes = retry(SYSCALLS.sched_getaffinity, tid, MASK_BYTES, scratch.address);
  let mask = 0n;
  for (let word = unwrap("sched_getaffinity", bytes) / 8 - 1; word >= 0; word--) {
    mask = (mask << 64n) | scratch.u64[word]!;
  }
  return mask;
}

/**
 * Restricts a thread to some processors; other threads of its process are not touched.
 *
 * @param tid The thread; 0 is the calling one.
 * @param mask One bit each.
 * @throws SyscallError EINVAL when none of them exists or is allowed (a cpuset).
 */
export function setAffinity(tid: number, mask: bigint): void {
  for (let word = 0; word < MASK_BYTES / 8; word++) {
    scratch.u64[word] = BigInt.asUintN(64, mask >> BigInt(word * 64));
  }
  unwrap("sched_setaffinity", retry(SYSCALLS.sched_setaffinity, tid, MASK_BYTES, scratch.address));
}

/** Lets others run that are ready on this processor (sched_yield(2)); the kernel may also go on with the caller. */
export function yieldProcessor(): void {
  unwrap("sched_yield", retry(SYSCALLS.sched_yield));
}

/** The processor on which the calling thread runs at this moment. */
export function currentCpu(): number {
  unwrap("getcpu", retry(SYSCALLS.getcpu, scratch.address, 0, 0));
  return scratch.u32[0]!;
}
