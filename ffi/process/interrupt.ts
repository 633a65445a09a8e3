/**
 * Signals that must break into a blocking wait (Ctrl-C, termination, a timeout), handled without JS in the
 * handler: JS cannot run while the one thread that could run it sleeps in wait4.
 *
 * The handler notes the signal in native memory; the wait then returns −EINTR, also when the signal came an
 * instant before it went to sleep (see `stubs/control.ts`). The tracer looks at {@link pendingInterrupt} and
 * decides. While an interrupt is pending every wait returns −EINTR at once: clear it to go on.
 */

import {
  ITIMERVAL,
  KERNEL_SIGACTION,
  retry,
  SA,
  SIG,
  SIG_HOW,
  SIG_IGN,
  SIGSET_SIZE,
  SYSCALLS,
  signalBit,
  unwrap,
} from "../kernel/mod.ts";
import { NativeBuffer, scratch } from "../memory/mod.ts";
import { controlCode, INTERRUPT_STATE, interruptState } from "./interrupt-state.ts";

const action = NativeBuffer.map(KERNEL_SIGACTION.size);
const timer = NativeBuffer.map(ITIMERVAL.size);
const previous = new Map<number, { readonly wasIgnored: boolean; readonly bytes: Uint8Array }>();
const PENDING_LOW = INTERRUPT_STATE.pending / 4;
const ITIMER_REAL = 0; // linux/time.h

function setAction(signal: number): void {
  unwrap("rt_sigaction", retry(SYSCALLS.rt_sigaction, signal, action.address, 0, SIGSET_SIZE));
}

/**
 * Makes signals interrupt the waits of the calling thread. Handlers that Bun had for them do not run until
 * {@link restoreDefault}.
 *
 * @param signals Numbers, such as `SIG.SIGINT`. SIGALRM is needed by {@link setTimer}.
 * @throws SyscallError EINVAL for a signal that cannot be handled (SIGKILL, SIGSTOP).
 */
export function installInterrupts(signals: readonly number[]): void {
  const { view } = interruptState;
  view.setInt32(INTERRUPT_STATE.owner, retry(SYSCALLS.gettid), true);
  view.setInt32(INTERRUPT_STATE.process, retry(SYSCALLS.getpid), true);
  for (const signal of signals) {
    if (previous.has(signal)) continue;
    unwrap("rt_sigaction", retry(SYSCALLS.rt_sigaction, signal, 0, action.address, SIGSET_SIZE));
    const wasIgnored = action.u64[0] === BigInt(SIG_IGN);
    const bytes = action.u8.slice();
    action.view.setBigUint64(KERNEL_SIGACTION.handler, BigInt(controlCode("handler")), true);
    // Only the waits here are to end by it. What else sleeps in this process (the runtime reads folders, and knows no EINTR
    // there) goes on.
    action.view.setBigUint64(KERNEL_SIGACTION.flags, BigInt(SA.SIGINFO | SA.RESTORER | SA.RESTART), true);
    action.view.setBigUint64(KERNEL_SIGACTION.restorer, BigInt(controlCode("restorer")), true);
    // Nothing interrupts the handler, so that what it finds in the ucontext is never itself.
    action.view.setBigUint64(KERNEL_SIGACTION.mask, 0xffff_ffff_ffff_ffffn, true);
    setAction(signal);
    previous.set(signal, { wasIgnored, bytes });
  }
}

/**
 * Puts back what a signal did before {@link installInterrupts}: its default, or a handler that Bun had, or
 * nothing if it was ignored. Does nothing for a signal that is not installed.
 */
export function restoreDefault(signal: number): void {
  const saved = previous.get(signal);
  if (saved === undefined) return;
  action.u8.set(saved.bytes);
  setAction(signal);
  previous.delete(signal);
}

/** Whether a signal was ignored before {@link installInterrupts} took it; a tracee must then ignore it too. */
export function wasIgnored(signal: number): boolean {
  return previous.get(signal)?.wasIgnored ?? false;
}

/** Takes signals out of the mask of the calling thread. */
export function unblockSignals(signals: readonly number[]): void {
  scratch.u64[0] = signals.reduce((mask, signal) => mask | signalBit(signal), 0n);
  unwrap("rt_sigprocmask", retry(SYSCALLS.rt_sigprocmask, SIG_HOW.UNBLOCK, scratch.address, 0, SIGSET_SIZE));
}

/** Whether a signal is ignored at this moment. */
export function isIgnored(signal: number): boolean {
  unwrap("rt_sigaction", retry(SYSCALLS.rt_sigaction, signal, 0, action.address, SIGSET_SIZE));
  return action.u64[0] === BigInt(SIG_IGN);
}

/**
 * A signal that has arrived and was not cleared; 0 if there is none. Of several, the one with the lowest
 * number, but SIGALRM last: a timeout must not hide a Ctrl-C.
 */
export function pendingInterrupt(): number {
  const low = interruptState.u32[PENDING_LOW]!;
  const high = interruptState.u32[PENDING_LOW + 1]!;
  const urgent = low & ~(1 << (SIG.SIGALRM - 1));
  if (urgent !== 0) return 32 - Math.clz32(urgent & -urgent);
  if (high !== 0) return 64 - Math.clz32(high & -high);
  return low === 0 ? 0 : SIG.SIGALRM;
}

/** Signals that have arrived since the process began; a second Ctrl-C shows as a higher count. */
export function interruptCount(): number {
  return Number(interruptState.u64[INTERRUPT_STATE.count / 8]);
}

/**
 * Forgets a pending signal.
 *
 * @param signal Which; by default the one that {@link pendingInterrupt} names.
 */
export function clearInterrupt(signal: number = pendingInterrupt()): void {
  if (signal === 0) return;
  // Atomic, since the handler may set another bit of the word between a read and a write.
  Atomics.and(interruptState.i32, PENDING_LOW + ((signal - 1) >> 5), ~(1 << ((signal - 1) & 31)));
}

/** Lets a signal that was forgotten be pending again. */
export function putBackInterrupt(signal: number): void {
  Atomics.or(interruptState.i32, PENDING_LOW + ((signal - 1) >> 5), 1 << ((signal - 1) & 31));
}

/**
 * Bounds a wait: SIGALRM arrives once, after this much time of the clock on the wall, and interrupts the
 * wait if {@link installInterrupts} has it (otherwise it kills the process).
 *
 * @param milliseconds From now; 0 cancels.
 * @throws RangeError for a negative number.
 */
export function setTimer(milliseconds: number): void {
  if (!(milliseconds >= 0)) {
    throw new RangeError(
      `Cannot set a timer as 'milliseconds' must be 0 or more: current value is ${milliseconds}`,
    );
  }
  const microseconds = Math.round(milliseconds * 1000);
  timer.view.setBigUint64(ITIMERVAL.value, BigInt(Math.floor(microseconds / 1e6)), true);
  timer.view.setBigUint64(ITIMERVAL.value + 8, BigInt(microseconds % 1e6), true);
  unwrap("setitimer", retry(SYSCALLS.setitimer, ITIMER_REAL, timer.address, 0));
}
