/**
 * System calls that a recording can do without a stop, in machine code (`tracee/call-stub.ts`): those that wait for no
 * other task, concern nobody but the caller, or nobody who would notice before the next stop, and whose outputs follow from
 * their arguments and their result. A question about
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
  /** Bytes, or as many units as the result says, or the argument with the count. */
  bytes: number | "result" | "count";
}

/** How the stub does a call that might wait, so that it does not (`tracee/flow-stub.ts`). */
export type FlowWay =
  | "read"
  | "write"
  | "message"
  | "header"
  | "vector"
  | "poll"
  | "events"
  | "maskedEvents"
  | "wake";

/** What the stub has to know of a call. */
export interface BufferedCall {
  number: number;
  /** How many arguments it has. */
  args: number;
  /** At most two. */
  writes: readonly BufferedWrite[];
  /** What is done with the descriptor in argument 0: the stub does it only where that is quiet. */
  descriptor?: "read" | "written" | "closed";
  /** The argument that says how many units there may be at most, where `writes` has a result, or how many there are. */
  count?: number;
  /** Bytes of a unit. */
  unit: number;
  /** What is done with the descriptor in argument 0, where that is of a pipe or a socket, and how. */
  flow?: { direction: "received" | "sent"; way: FlowWay };
  /** How it is done, if not as it stands, by whatever descriptors. */
  way?: FlowWay;
  /** Whom it may wake. */
  wakes?: "readers and writers" | "waiters for futexes";
  /** Nobody else may have to run. */
  alone?: boolean;
  /** It registers an area of restartable sequences: the stub does it in the kernel's place, for a task that has none. */
  registers?: boolean;
  /** The argument that is a pointer to what is to be set: the stub does the call only where that is 0. */
  setsBy?: number;
  /** It opens the path in argument 1: the stub does it only where nothing is there, or what nobody has to wait for (`tracee/open-stub.ts`). */
  opens?: boolean;
  /** Argument 0 is a signal: the stub does the call for those alone that are none of the engine's. */
  ofSignal?: boolean;
}

type Line = Pick<
  BufferedCall,
  "args" | "descriptor" | "setsBy" | "opens" | "ofSignal" | "registers" | "way" | "alone"
> & {
  flow?: FlowWay;
  /** An argument that is 0, so that nothing is written by it; else the stub leaves the call to a stop. */
  absent?: number;
};

/** Calls that only say something. */
function asking(args: number, ...names: SyscallName[]): Partial<Record<SyscallName, Line>> {
  return Object.fromEntries(names.map((name) => [name, { args }]));
}

const LINES: Partial<Record<SyscallName, Line>> = {
  read: { args: 3, descriptor: "read", flow: "read" },
  pread64: { args: 4, descriptor: "read" },
  write: { args: 3, descriptor: "written", flow: "write" },
  writev: { args: 3, descriptor: "written", flow: "vector" },
  recvfrom: { args: 6, flow: "message", absent: 4 },
  sendto: { args: 6, flow: "message", absent: 4 },
  sendmsg: { args: 3, flow: "header" },
  poll: { args: 3, way: "poll" },
  epoll_wait: { args: 4, way: "events" },
  epoll_pwait: { args: 6, way: "maskedEvents", absent: 4 },
  futex: { args: 6, way: "wake" },
  sched_yield: { args: 0, alone: true },
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
  rt_sigaction: { args: 4, ofSignal: true },
  // Those by which a C library begins, and each thread.
  ...asking(1, "set_tid_address"),
  ...asking(2, "set_robust_list", "getrlimit"),
  prlimit64: { args: 4, setsBy: 2 },
  rseq: { args: 4, registers: true },
};

/** An area of the table as the stub writes it. */
function written(name: string, area: Area): BufferedWrite & Partial<Pick<BufferedCall, "count" | "unit">> {
  if (area.kind === "buffer" && typeof area.length === "number") return { at: area.at, bytes: area.length };
  if (area.kind === "filled") {
    return { at: area.at, bytes: "result", count: area.capacityAt, unit: area.unit };
  }
  if (area.kind === "buffer" && typeof area.length === "object" && area.length.kind === "times") {
    const { of, size } = area.length;
    if (typeof of === "object" && of.kind === "count")
      return { at: area.at, bytes: "count", count: of.at, unit: size };
  }
  throw new Error(`engine invariant broken: ${name} has an output that needs a stop`);
}

/** Whether an area is written by an argument that is 0. */
function isAbsent(area: Area, absent: number | undefined): boolean {
  return absent !== undefined && area.kind === "socketAddress" && area.at === absent;
}

function bufferedCall([name, { flow: flowWay, absent, ...line }]: [string, Line]): BufferedCall {
  const number = SYSCALLS[name as SyscallName];
  const spec = syscallSpec(number);
  // A wake writes nothing, whatever else a futex is good for.
  const areas = line.way === "wake" ? [] : [...(spec?.writes ?? []), ...(spec?.writesAlways ?? [])];
  const outputs = areas.filter((area) => !isAbsent(area, absent)).map((area) => written(name, area));
  const { count, unit = 1 } = outputs.find((output) => output.count !== undefined) ?? {};
  const writes = outputs.map(({ at, bytes }) => ({ at, bytes }));
  const flow = flowWay && {
    direction: spec?.sends ? ("sent" as const) : ("received" as const),
    way: flowWay,
  };
  const wakes = flow
    ? ("readers and writers" as const)
    : line.way === "wake"
      ? ("waiters for futexes" as const)
      : undefined;
  return {
    ...line,
    number,
    writes,
    unit,
    ...(count !== undefined && { count }),
    ...(flow && { flow }),
    ...(wakes && { wakes }),
  };
}

/** All of them. */
export const BUFFERED: readonly BufferedCall[] = Object.entries(LINES).map(bufferedCall);
