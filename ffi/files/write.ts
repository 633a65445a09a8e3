/**
 * Writing to what may take nothing for as long as it likes (a pipe that nobody reads, a stopped terminal): a signal of
 * `installInterrupts` breaks in, at whatever moment it comes.
 */

import { ERRNO, POLLFD, rawSyscall, retry, SYSCALLS } from "../kernel/mod.ts";
import { bounce, NativeBuffer } from "../memory/mod.ts";
import { awaitEvents, interruptible } from "./interruptible.ts";

/** asm-generic/poll.h. */
const POLLOUT = 4;

/** How much a pipe that is ready takes without waiting (pipe(7), PIPE_BUF). */
const CERTAIN = 4096;

const pollfd = NativeBuffer.map(POLLFD.size);

/**
 * Writes some bytes, and waits until something can be written, also where the descriptor is non-blocking.
 *
 * @param bytes At least one.
 * @returns How many were written; −EINTR (−4) if an interrupt is pending; −errno.
 */
export function writeSome(fd: number, bytes: Uint8Array): number {
  const length = Math.min(bytes.length, bounce.size);
  bounce.u8.set(bytes.subarray(0, length));
  for (;;) {
    const result = interruptible(SYSCALLS.write, fd, bounce.address, length);
    if (result !== -ERRNO.EAGAIN) return result;
    const ready = awaitEvents(fd, POLLOUT);
    if (ready < 0) return ready;
  }
}

/**
 * Writes some bytes if that is possible at once, whatever interrupt is pending.
 *
 * @param bytes At least one.
 * @returns How many were written; −EAGAIN (−11) if none can be now; −errno.
 */
export function writeNow(fd: number, bytes: Uint8Array): number {
  pollfd.view.setInt32(0, fd, true);
  pollfd.view.setInt16(POLLFD.events, POLLOUT, true);
  const ready = rawSyscall(SYSCALLS.poll, pollfd.address, 1, 0);
  if (ready <= 0) return ready === 0 ? -ERRNO.EAGAIN : ready;
  const length = Math.min(bytes.length, CERTAIN);
  bounce.u8.set(bytes.subarray(0, length));
  return retry(SYSCALLS.write, fd, bounce.address, length);
}
