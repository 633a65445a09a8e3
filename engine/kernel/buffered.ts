/**
 * System calls that a recording can do without a stop, in machine code (`tracee/call-stub.ts`): those that never sleep,
 * concern nobody but the caller, and whose outputs follow from their arguments and their result. The tracer hears of them
 * when the task stops for something else.
 *
 * What is said here of outputs is what the table says; a test compares both.
 */
import { SYSCALLS, type SyscallName } from "../../ffi/mod.ts";
import { RUSAGE, STAT, SYSINFO, TIMESPEC, TIMEVAL, TIMEZONE, TMS, UTSNAME } from "./table/sizes.ts";

/** Memory that a call writes if it succeeds. */
export interface BufferedWrite {
  /** The argument that points to it; nothing is written where that is 0. */
  at: number;
  /** Bytes, or those that the result says. */
  bytes: number | "result";
}

/** What the stub has to know of a call. */
export interface BufferedCall {
  number: number;
  /** How many arguments it has. */
  args: number;
  /** At most two. */
  writes: readonly BufferedWrite[];
  /** What is done with the descriptor in argument 0: the stub does it only where that is quiet. */
  descriptor?: "read" | "written";
  /** The argument that says how many bytes there may be at most, where `writes` has a result. */
  count?: number;
}

type Lines = Partial<Record<SyscallName, Omit<BufferedCall, "number">>>;

const out = (at: number, bytes: number | "result"): BufferedWrite => ({ at, bytes });

/** Calls that only say something. */
function asking(args: number, ...names: SyscallName[]): Lines {
  return Object.fromEntries(names.map((name) => [name, { args, writes: [] }]));
}

const LINES: Lines = {
  read: { args: 3, descriptor: "read", count: 2, writes: [out(1, "result")] },
  pread64: { args: 4, descriptor: "read", count: 2, writes: [out(1, "result")] },
  write: { args: 3, descriptor: "written", writes: [] },
  pwrite64: { args: 4, descriptor: "written", writes: [] },
  lseek: { args: 3, descriptor: "read", writes: [] },
  fstat: { args: 2, descriptor: "read", writes: [out(1, STAT)] },
  getdents64: { args: 3, descriptor: "read", count: 2, writes: [out(1, "result")] },
  clock_gettime: { args: 2, writes: [out(1, TIMESPEC)] },
  clock_getres: { args: 2, writes: [out(1, TIMESPEC)] },
  gettimeofday: { args: 2, writes: [out(0, TIMEVAL), out(1, TIMEZONE)] },
  time: { args: 1, writes: [out(0, 8)] },
  times: { args: 1, writes: [out(0, TMS)] },
  getcpu: { args: 2, writes: [out(0, 4), out(1, 4)] },
  getrusage: { args: 2, writes: [out(1, RUSAGE)] },
  sysinfo: { args: 1, writes: [out(0, SYSINFO)] },
  uname: { args: 1, writes: [out(0, UTSNAME)] },
  ...asking(0, "getpid", "gettid", "getppid", "getpgrp", "getuid", "geteuid", "getgid", "getegid"),
  ...asking(1, "getpgid", "getsid"),
};

/** All of them. */
export const BUFFERED: readonly BufferedCall[] = Object.entries(LINES).map(([name, line]) => ({
  ...line,
  number: SYSCALLS[name as SyscallName],
}));
