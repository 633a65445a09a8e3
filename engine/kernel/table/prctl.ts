/**
 * The options of prctl.
 *
 * Sources: prctl(2) and the pages PR_*(2const); linux/prctl.h; `kernel/sys.c` of Linux 6.18.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { int } from "../amounts.ts";
import { byCommand, filled, out, when } from "../areas.ts";
import { every, not, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";

/** Numbers beyond 2^30 are letters: "AUXV". */
const PR_GET_AUXV = 0x41555856;

/** What the options write that write memory. */
const WRITES = {
  2: out(1, 4), // PR_GET_PDEATHSIG
  5: out(1, 4), // PR_GET_UNALIGN
  9: out(1, 4), // PR_GET_FPEMU
  11: out(1, 4), // PR_GET_FPEXC
  16: out(1, 16), // PR_GET_NAME
  19: out(1, 4), // PR_GET_ENDIAN
  25: out(1, 4), // PR_GET_TSC
  37: out(1, 4), // PR_GET_CHILD_SUBREAPER
  40: out(1, 8), // PR_GET_TID_ADDRESS
  62: out(4, 8), // PR_SCHED_CORE
  [PR_GET_AUXV]: filled(1, 2),
};

/** Options that only set something, or answer by their result. */
const SILENT = {
  PR_SET_PDEATHSIG: 1,
  PR_GET_DUMPABLE: 3,
  PR_SET_DUMPABLE: 4,
  PR_GET_KEEPCAPS: 7,
  PR_SET_KEEPCAPS: 8,
  PR_GET_TIMING: 13,
  PR_SET_TIMING: 14,
  PR_SET_NAME: 15,
  PR_GET_SECCOMP: 21,
  PR_SET_SECCOMP: 22,
  PR_CAPBSET_READ: 23,
  PR_CAPBSET_DROP: 24,
  PR_GET_SECUREBITS: 27,
  PR_SET_TSC: 26,
  PR_SET_SECUREBITS: 28,
  PR_SET_TIMERSLACK: 29,
  PR_GET_TIMERSLACK: 30,
  PR_TASK_PERF_EVENTS_DISABLE: 31,
  PR_TASK_PERF_EVENTS_ENABLE: 32,
  PR_MCE_KILL: 33,
  PR_MCE_KILL_GET: 34,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_SET_NO_NEW_PRIVS: 38,
  PR_GET_NO_NEW_PRIVS: 39,
  PR_SET_THP_DISABLE: 41,
  PR_GET_THP_DISABLE: 42,
  PR_CAP_AMBIENT: 47,
  PR_GET_SPECULATION_CTRL: 52,
  PR_SET_SPECULATION_CTRL: 53,
  PR_SET_IO_FLUSHER: 57,
  PR_GET_IO_FLUSHER: 58,
  PR_SET_SYSCALL_USER_DISPATCH: 59,
  PR_SET_MDWE: 65,
  PR_GET_MDWE: 66,
  PR_SET_MEMORY_MERGE: 67,
  PR_GET_MEMORY_MERGE: 68,
  PR_TIMER_CREATE_RESTORE_IDS: 77,
  PR_FUTEX_HASH: 78,
  PR_SET_VMA: 0x53564d41,
  PR_SET_PTRACER: 0x59616d61,
} as const;

/** PR_SET_MM, and what of it is about the heap and the stack, or writes (linux/prctl.h, prctl_set_mm in kernel/sys.c). */
const PR_SET_MM = 35;
const MM_PLACES = { START_STACK: 5, START_BRK: 6, BRK: 7, MAP: 14 } as const;
const MM_MAP_SIZE = 15;

const KNOWN = [...Object.keys(WRITES).map(Number), ...Object.values(SILENT), PR_SET_MM];

/**
 * Everything else is answered as by a kernel without it. PR_SET_SYSCALL_USER_DISPATCH and PR_SET_MDWE, which would get in the
 * engine's way, the recorder does itself (`record/user-dispatch.ts`, `record/executable-gain.ts`).
 */
export const PRCTL: Entry = {
  writes: [
    byCommand(0, WRITES),
    when(every(oneOf(int(0), [PR_SET_MM]), oneOf(int(1), [MM_MAP_SIZE])), out(2, 4)),
  ],
  answers: [
    {
      when: not(oneOf(int(0), KNOWN)),
      errno: ERRNO.EINVAL,
      reason: "an option of other processors, or from after this table was written",
    },
  ],
  refuses: [
    {
      when: every(oneOf(int(0), [PR_SET_MM]), oneOf(int(1), Object.values(MM_PLACES))),
      reason: "PR_SET_MM moves the heap or the stack",
    },
  ],
};
