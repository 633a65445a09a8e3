/**
 * What of the recorder a program can't reach by system calls: its shared memory, which natively is not there, and its being
 * traced, by which each of both would wait for the other one; and ports of the machine.
 */
import { ERRNO, PTRACE, rawSyscall, SharedSegment, SYSCALLS } from "../../ffi/mod.ts";
import { readProcFile } from "../proc-file.ts";
import type { Call } from "./call.ts";

/** Commands of shmctl that take an index in place of an id: SHM_STAT and SHM_STAT_ANY (linux/shm.h). */
const BY_INDEX: readonly number[] = [13, 15];

/** The highest level of iopl. */
const MOST_PRIVILEGED = 3;

/** The error that a call gets which reaches for the recorder; undefined for any other. */
export function answerOffLimits(call: Call): number | undefined {
  switch (call.number) {
    case SYSCALLS.shmat:
      return SharedSegment.isOwn(call.int(0)) ? -ERRNO.EINVAL : undefined;
    case SYSCALLS.shmctl:
      return SharedSegment.isOwn(call.int(0), BY_INDEX.includes(call.int(1))) ? -ERRNO.EINVAL : undefined;
    case SYSCALLS.iopl:
      return call.int(0) > 0 && call.int(0) <= MOST_PRIVILEGED && hasPorts() ? -ERRNO.EPERM : undefined;
    case SYSCALLS.ioperm:
      return call.int(2) !== 0 && hasPorts() ? -ERRNO.EPERM : undefined;
    case SYSCALLS.ptrace: {
      const isAttaching = call.int(0) === PTRACE.ATTACH || call.int(0) === PTRACE.SEIZE;
      return isAttaching && isRecorders(call.int(1)) ? -ERRNO.EPERM : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether this kernel gives ports to programs at all (CONFIG_X86_IOPL_IOPERM): to give none away it needs no rights. */
function hasPorts(): boolean {
  return rawSyscall(SYSCALLS.ioperm, 0, 1, 0) !== -ERRNO.ENOSYS;
}

/** Whether a thread is one of this process. */
function isRecorders(tid: number): boolean {
  const group = /^Tgid:\t(\d+)$/m.exec(readProcFile(`/proc/${tid}/status`) ?? "")?.[1];
  return Number(group) === process.pid;
}
