/** What the table of system calls needs to see of a call, and the memory that it names. */

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
