/** The one place where −errno becomes an exception: nothing above this folder sees a raw error number. */

import { ERRNO, type Errno, errnoInfo } from "./errno.ts";

const PTRACE_EPERM =
  "allow ptrace: in a container add --cap-add=SYS_PTRACE (and a seccomp profile that permits it); " +
  "on a host see /proc/sys/kernel/yama/ptrace_scope; a task can have one tracer only";

/** What to do about errors that have the same cause wherever they come up: `call ERRNO` → remedy. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ["ptrace EPERM", PTRACE_EPERM],
  ["shmget EINVAL", "raise kernel.shmmax (sysctl), which is less than the code cache takes"],
  [
    "shmget ENOSPC",
    "raise kernel.shmmni or kernel.shmall (sysctl), or remove segments that are left (ipcs -m, ipcrm)",
  ],
  ["clone EAGAIN", "raise the limit of processes (ulimit -u, pids.max of the cgroup) or end some"],
  ["clone ENOMEM", "free some memory, or raise the limit of the cgroup"],
  [
    "mmap ENOMEM",
    "free some memory, or raise its limit (ulimit -v, memory.max of the cgroup, vm.max_map_count)",
  ],
  ["memfd_create EACCES", "sysctl vm.memfd_noexec=0 or 1: files in memory are run from here"],
  ["memfd_create ENOSYS", "use a kernel with CONFIG_MEMFD_CREATE, and a container that permits memfd_create"],
  ["ftruncate EFBIG", "raise the limit of file sizes (ulimit -f unlimited)"],
  ["kcmp ENOSYS", "the kernel was built without CONFIG_KCMP"],
]);

/** The same for errors that have one cause whichever call they come from. */
const ANYWHERE: ReadonlyMap<string, string> = new Map([
  ["EMFILE", "raise the limit of open files (ulimit -n)"],
  ["ENFILE", "raise fs.file-max (sysctl), or close files elsewhere on this machine"],
  ["ENOSPC", "make room on that disk, or name a place on another one"],
  ["EDQUOT", "make room within the quota, or name a place on another disk"],
  ["EIO", "look at what the kernel says of that disk (dmesg)"],
]);

/** A system call that failed: catch it where one {@link code} is expected, let it go otherwise. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** Name of the system call, such as `ptrace`. */
  readonly syscall: string;
  /** Positive error number, such as 3. */
  readonly errno: number;
  /** Its name, such as `ESRCH`. */
  readonly code: string;
  /** What the user can do about it, when that is known. */
  declare readonly remedy?: string;

  /**
   * @param syscall Name of the call.
   * @param errno Positive error number.
   * @param remedy What to do about it; by default what is known about this error of this call.
   */
  constructor(syscall: string, errno: number, remedy?: string) {
    const info: Errno = errnoInfo(errno);
    const help = remedy ?? REMEDIES.get(`${syscall.split("(")[0]} ${info.code}`) ?? ANYWHERE.get(info.code);
    super(`${syscall} failed: ${info.code} (${info.text})${help === undefined ? "" : `; ${help}`}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = info.code;
    if (help !== undefined) this.remedy = help;
  }
}

/**
 * The result of a raw system call, or an exception.
 *
 * @param syscallName Name for the message; a detail may follow in parentheses: `open(/etc/passwd)`.
 * @param result What `rawSyscall` returned.
 * @param remedy What to do if it failed.
 * @returns `result`, when it is not an error.
 * @throws SyscallError when `result` is −4095…−1, the range that the kernel reserves (linux/err.h).
 */
export function unwrap(syscallName: string, result: number, remedy?: string): number {
  if (result < 0 && result >= -4095) throw new SyscallError(syscallName, -result, remedy);
  return result;
}

/** Whether something thrown is a {@link SyscallError} with this error, for instance `"ESRCH"`. */
export function isErrno(error: unknown, code: keyof typeof ERRNO): error is SyscallError {
  return error instanceof SyscallError && error.errno === ERRNO[code];
}
