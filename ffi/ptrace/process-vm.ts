/** Copying between address spaces by process_vm_readv(2): no descriptor, but protection is respected. */

import { ERRNO, IOVEC, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";

function transfer(
  nr: number,
  name: string,
  pid: number,
  remote: number,
  local: number,
  length: number,
): number {
  scratch.u64[0] = BigInt(local);
  scratch.u64[1] = BigInt(length);
  scratch.u64[2] = BigInt(remote);
  scratch.u64[3] = BigInt(length);
  const result = retry(nr, pid, scratch.address, 1, scratch.address + IOVEC.size, 1, 0);
  return result === -ERRNO.EFAULT ? 0 : unwrap(name, result);
}

/**
 * Copies from a process into native memory.
 *
 * @param remote Address there.
 * @param local Address here, for instance of a `NativeBuffer`.
 * @returns Bytes copied: short where unmapped or unreadable memory begins, to the page.
 * @throws SyscallError ESRCH when the process is gone, EPERM when we may not trace it.
 */
export function processVmRead(pid: number, remote: number, local: number, length: number): number {
  return transfer(SYSCALLS.process_vm_readv, "process_vm_readv", pid, remote, local, length);
}

/** Copies native memory into a process, where that is writable; otherwise as {@link processVmRead}. */
export function processVmWrite(pid: number, remote: number, local: number, length: number): number {
  return transfer(SYSCALLS.process_vm_writev, "process_vm_writev", pid, remote, local, length);
}
