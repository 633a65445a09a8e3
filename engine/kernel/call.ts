/**
 * What the table of system calls needs to see of a call, and what it answers: the types of this folder.
 */

/** What a system call looks like from the tracer, at entry or exit. */
export interface CallView {
  readonly number: number;
  /** Argument `i` (0 to 5) as an unsigned 64-bit value; exact below 2^53, which pointers and lengths are. */
  argument(i: number): number;
  /** The low 32 bits of argument `i`, signed: file descriptors, flags, commands. */
  int(i: number): number;
  /** The signed result, -errno if it failed. Meaningful at exit only. */
  readonly result: number;
  /** The 32-bit value at `address` in the program's memory; 0 where that is unreadable. */
  u32(address: number): number;
  /** The 64-bit value at `address` in the program's memory; 0 where that is unreadable. */
  u64(address: number): number;
  /** The NUL-terminated string at `address`, cut after `limit` bytes. */
  string(address: number, limit?: number): string;
}

/** A piece of the program's memory. */
export interface MemoryRange {
  address: number;
  length: number;
}

/** Memory as a function of the call that touches it. */
export type Area = (call: CallView) => MemoryRange[];

/** A number (a length, a count) as a function of the call. */
export type Amount = number | ((call: CallView) => number);

/**
 * What the recorder and the replayer do with a system call:
 * - `record`: runs natively while recording, answered from the trace in replay,
 * - `memory`: changes the address space, so that replay does it for real,
 * - `task`: makes, replaces or ends a task, or returns from a signal: engine code,
 * - `absent`: answered with `-errno` without running, as a kernel without it would,
 * - `unsupported`: the recording stops, with `reason` for the user.
 */
export type Handling = "record" | "memory" | "task" | "absent" | "unsupported";

/** Everything that the engine knows of one system call. */
export interface SyscallSpec {
  readonly name: string;
  readonly number: number;
  readonly handling: Handling;
  /** Error number to answer with where `handling` is `absent`. */
  readonly errno?: number;
  /** Why it is absent or unsupported, as a sentence for the user. */
  readonly reason?: string;
  /** Whether it may sleep for long, so that other tasks have to run meanwhile. */
  readonly blocks: boolean | ((call: CallView) => boolean);
  /** Whether it may end the sleep of another task, once it has ended itself. To be asked at exit. */
  readonly wakes: boolean | ((call: CallView) => boolean);
  /** Whether it may change what an already known file descriptor number refers to. */
  readonly changesFds: boolean;
  /** Memory that the kernel may have written if the call succeeded. */
  readonly writes: readonly Area[];
  /** Memory that the kernel may have written even if the call failed. */
  readonly writesAlways: readonly Area[];
  /** For calls that send the program's bytes to a descriptor: which argument it is, and the bytes. */
  readonly sends?: { readonly fd: number; readonly from: Area };
  /** For calls that move bytes between descriptors: which argument is the destination. */
  readonly moves?: number;
  /** The result to answer this particular call with instead of running it; undefined to run it. */
  readonly answers?: (call: CallView) => number | undefined;
  /**
   * Why this particular call cannot be recorded if it succeeds; undefined if it can. One that fails has done nothing
   * that its error does not say, and is recorded like any other.
   */
  readonly refuses?: (call: CallView) => string | undefined;
}
