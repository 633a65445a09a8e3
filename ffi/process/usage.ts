/** What the kernel has accounted to tasks: getrusage(2). */

import { retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";

/** Whose account: `RUSAGE_…` of linux/resource.h. */
const WHO = { self: 0, children: -1, thread: 1 } as const;

/** struct rusage: two timevals, then longs; indices in words. Source: linux/resource.h. */
const RUSAGE = {
  size: 144,
  userSeconds: 0,
  userMicroseconds: 1,
  systemSeconds: 2,
  systemMicroseconds: 3,
  minorFaults: 8,
  majorFaults: 9,
  voluntarySwitches: 16,
  involuntarySwitches: 17,
} as const;

/** An account. Times are in microseconds. */
export interface ResourceUsage {
  readonly user: number;
  readonly system: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/**
 * The account of this process, of its children that have been waited for (with their own), or of the calling thread.
 *
 * @param who Whose.
 */
export function resourceUsage(who: keyof typeof WHO): ResourceUsage {
  using memory = NativeBuffer.map(RUSAGE.size);
  unwrap("getrusage", retry(SYSCALLS.getrusage, WHO[who], memory.address));
  const word = (index: number) => Number(memory.u64[index]);
  return {
    user: word(RUSAGE.userSeconds) * 1e6 + word(RUSAGE.userMicroseconds),
    system: word(RUSAGE.systemSeconds) * 1e6 + word(RUSAGE.systemMicroseconds),
    minorFaults: word(RUSAGE.minorFaults),
    majorFaults: word(RUSAGE.majorFaults),
    voluntarySwitches: word(RUSAGE.voluntarySwitches),
    involuntarySwitches: word(RUSAGE.involuntarySwitches),
  };
}
