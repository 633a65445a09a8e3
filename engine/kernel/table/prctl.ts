/**
 * The options of prctl.
 *
 * Sources: prctl(2) and the pages PR_*(2const); linux/prctl.h; `kernel/sys.c` of Linux 6.18.
 */
import { byCommand, out } from "../areas.ts";
import type { CallView } from "../call.ts";
import type { Entry } from "../entry.ts";
import { EINVAL } from "../errno.ts";

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
};

/**
 * Options that only set, or answer by their result: PDEATHSIG, DUMPABLE, KEEPCAPS, TIMING, NAME, GET_SECCOMP,
 * CAPBSET, SECUREBITS, TIMERSLACK, TASK_PERF_EVENTS, MCE_KILL, SET_CHILD_SUBREAPER, NO_NEW_PRIVS, THP_DISABLE,
 * CAP_AMBIENT, SPECULATION_CTRL, IO_FLUSHER, GET_MDWE, MEMORY_MERGE, SET_VMA, SET_PTRACER.
 */
const SILENT = new Set([
  1, 3, 4, 7, 8, 13, 14, 15, 21, 23, 24, 27, 28, 29, 30, 31, 32, 33, 34, 36, 38, 39, 41, 42, 47, 52, 53, 57, 58, 66,
  67, 68, 0x53564d41, 0x59616d61,
]);

/** PR_SET_MM (linux/prctl.h). */
const PR_SET_MM = 35;

/**
 * Everything else is answered as by a kernel without it. Among these are the options that would get in the
 * engine's way: PR_SET_SECCOMP and PR_SET_SYSCALL_USER_DISPATCH (filters would see the engine's system calls),
 * PR_SET_TSC (the engine reads the time stamp counter), PR_SET_MDWE (it maps code), PR_GET_AUXV (which shows the
 * vdso that the engine hides).
 */
function answers(call: CallView): number | undefined {
  const option = call.int(0);
  return option in WRITES || SILENT.has(option) || option === PR_SET_MM ? undefined : -EINVAL;
}

function refuses(call: CallView): string | undefined {
  return call.int(0) === PR_SET_MM ? "PR_SET_MM moves the boundaries of the address space" : undefined;
}

export const PRCTL: Entry = { writes: [byCommand(0, WRITES)], answers, refuses };
