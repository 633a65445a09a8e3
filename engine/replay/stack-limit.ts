/** The limit of the stack of a replayed process: the kernel makes its stacks grow as far as in the recording. */
import { NativeBuffer, retry, SYSCALLS, unwrap } from "../../ffi/mod.ts";

/** RLIMIT_STACK (asm-generic/resource.h). */
const RLIMIT_STACK = 3;

/** struct rlimit64: the soft limit, and the hard one behind it (linux/resource.h). */
const RLIMIT_BYTES = 16;

/**
 * Sets how large the stacks of a process may become.
 *
 * @returns False if this host allows less than the recording had.
 */
export function limitStack(pid: number, size: number): boolean {
  using limits = NativeBuffer.map(RLIMIT_BYTES);
  unwrap("prlimit64", retry(SYSCALLS.prlimit64, pid, RLIMIT_STACK, 0, limits.address));
  const [, hard = 0n] = limits.u64;
  if (hard < BigInt(size)) return false;
  limits.u64[0] = BigInt(size);
  unwrap("prlimit64", retry(SYSCALLS.prlimit64, pid, RLIMIT_STACK, limits.address, 0));
  return true;
}
