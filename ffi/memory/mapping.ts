/** Mappings in this process by address, for what {@link NativeBuffer} does not cover (fixed places, hints). */

import { retry, SYSCALLS, unwrap } from "../kernel/mod.ts";

/** What to map. */
export interface MapOptions {
  /** Bytes. */
  readonly length: number;
  /** Of `PROT`. */
  readonly protection: number;
  /** Of `MAP`. */
  readonly flags: number;
  /** Hint, or the place itself with MAP.FIXED. @default 0 */
  readonly address?: number;
  /** @default -1 */
  readonly fd?: number;
  /** In the file, a multiple of 4096. @default 0 */
  readonly offset?: number;
}

/** Maps memory; returns its address. @throws SyscallError when the kernel refuses. */
export function mmap({ length, protection, flags, address = 0, fd = -1, offset = 0 }: MapOptions): number {
  return unwrap("mmap", retry(SYSCALLS.mmap, address, length, protection, flags, fd, offset));
}

/** Unmaps whole pages. Nothing may use them any more, views included. */
export function munmap(address: number, length: number): void {
  unwrap("munmap", retry(SYSCALLS.munmap, address, length));
}

/** Changes the protection of whole pages. */
export function mprotect(address: number, length: number, protection: number): void {
  unwrap("mprotect", retry(SYSCALLS.mprotect, address, length, protection));
}
