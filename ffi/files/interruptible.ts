/**
 * System calls that may wait for as long as others like: a signal of `installInterrupts` breaks into them, at whatever moment
 * it comes. A plain call would be made again behind the handler, or begin to sleep right behind it (signal(7), SA_RESTART).
 */
import { ERRNO, nativeFunction, POLLFD, SIG, SYSCALLS, WORD } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";
import { clearInterrupt, controlCode, pendingInterrupt, putBackInterrupt } from "../process/mod.ts";

type Interruptible = (number: number, first: number, second: number, third: number) => number;

/** Makes a system call that may be made again. @returns Its result, or -EINTR if an interrupt is pending. */
export const interruptible = nativeFunction<Interruptible>(
  controlCode("interruptible"),
  ["i32", WORD, WORD, WORD],
  "i32",
);
const pollfd = NativeBuffer.map(POLLFD.size);

/** Waits for these events of a descriptor (poll(2)). @returns As poll, or -EINTR if an interrupt is pending. */
export function awaitEvents(fd: number, events: number): number {
  pollfd.view.setInt32(0, fd, true);
  pollfd.view.setInt16(POLLFD.events, events, true);
  return interruptible(SYSCALLS.poll, pollfd.address, 1, -1);
}

/**
 * Makes interruptible calls that the timer is not to end: its signal is kept for whoever set it, who is asked next.
 *
 * @returns What the call returns; -EINTR only if another signal is pending than the timer's.
 */
export function untimed(call: () => number): number {
  let hasRung = false;
  for (;;) {
    const result = call();
    if (result !== -ERRNO.EINTR || pendingInterrupt() !== SIG.SIGALRM) {
      if (hasRung) putBackInterrupt(SIG.SIGALRM);
      return result;
    }
    clearInterrupt(SIG.SIGALRM);
    hasRung = true;
  }
}
