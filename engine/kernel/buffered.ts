/**
 * System calls that a recording can do without a stop, in machine code (`tracee/call-stub.ts`): those that wait for no
 * other task, concern nobody but the caller, and whose outputs follow from their arguments and their result. A question about
 * a path may wait for a disk or a network, as it does with a stop: nobody else runs meanwhile either way. The tracer hears of
 * them when the task stops for something else.
 *
 * What they write is what the table says. Here is only which calls they are, and what the table has no need to know.
 */
import { SYSCALLS, type SyscallName } from "../../ffi/mod.ts";
import type { Area } from "./areas.ts";
import { syscallSpec } from "./query.ts";

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
  descriptor?: "read" | "written" | "closed";
  /** The argument that says how many bytes there may be at most, where `writes` has a result. */
  count?: number;
  /** The argument that is a pointer to what is to be set: the stub does the call only where that is 0. */
  setsBy?: number;
  /** It opens the path in argument 1: the stub does it only where it fails, since nothing is there and nothing is made. */
  opens?: boolean;
  /** Argument 0 is a signal: the stub does the call for those alone that are none of the engine's. */
  ofSignal?: boolean;
}

type Line = Pick<BufferedCall, "args" | "descriptor" | "setsBy" | "opens" | "ofSignal">;

/** Calls that only say something. */
function asking(args: number, ...names: SyscallName[]): Partial<Record<SyscallName, Line>> {
  return Object.fromEntries(names.map((name) => [name, { args }]));
}

const LINES: Partial<Record<SyscallName, Line>> = {
  read: { args: 3, descriptor: "read" },
  pread64: { args: 4, descriptor: "read" },
  write: { args: 3, descriptor: "written" },
  pwrite64: { args: 4, descriptor: "written" },
  lseek: { args: 3, descriptor: "read" },
  close: { args: 1, descriptor: "closed" },
  // Compilers and interpreters look for a file in one folder after the other.
  openat: { args: 4, opens: true },
  fstat: { args: 2, descriptor: "read" },
  getdents64: { args: 3, descriptor: "read" },
  ...asking(2, "stat", "lstat", "access", "getcwd", "statfs"),
  ...asking(3, "readlink", "faccessat", "getrandom"),
  ...asking(4, "newfstatat", "readlinkat", "faccessat2"),
  ...asking(5, "statx"),
  ...asking(2, "clock_gettime", "clock_getres", "gettimeofday", "getcpu", "getrusage"),
  ...asking(1, "time", "times", "sysinfo", "uname"),
  ...asking(0, "getpid", "gettid", "getppid", "getpgrp", "getuid", "geteuid", "getgid", "getegid"),
  ...asking(1, "getpgid", "getsid"),
  // posix_spawn of glibc asks for the actions of all signals.
  rt_sigaction: { args: 4, setsBy: 1, ofSignal: true },
};

/** An area of the table as the stub writes it. */
function written(name: string, area: Area): BufferedWrite & Pick<BufferedCall, "count"> {
  if (area.kind === "buffer" && typeof area.length === "number") return { at: area.at, bytes: area.length };
  if (area.kind === "filled" && area.unit === 1)
    return { at: area.at, bytes: "result", count: area.capacityAt };
  throw new Error(`engine invariant broken: ${name} has an output that needs a stop`);
}

function bufferedCall([name, line]: [string, Line]): BufferedCall {
  const number = SYSCALLS[name as SyscallName];
  const outputs = syscallSpec(number)?.writes.map((area) => written(name, area)) ?? [];
  const count = outputs.find((output) => output.count !== undefined)?.count;
  const writes = outputs.map(({ at, bytes }) => ({ at, bytes }));
  return { ...line, number, writes, ...(count !== undefined && { count }) };
}

/** All of them. */
export const BUFFERED: readonly BufferedCall[] = Object.entries(LINES).map(bufferedCall);
