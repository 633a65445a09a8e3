/**
 * ptrace requests on a stopped task. Every function throws SyscallError; ESRCH means that the task is gone
 * or is not stopped, which a SIGKILL can cause at any moment (ptrace(2), "Death under ptrace").
 *
 * Raw semantics: PEEK requests store to `data` and do not return the word, unlike glibc's wrapper.
 */

import { IOVEC, REGS_SIZE, retry, SIGINFO, SIGSET_SIZE, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { type NativeBuffer, scratch } from "../memory/mod.ts";
import { PTRACE } from "./ptrace-constants.ts";

/**
 * Any request, for those without a wrapper.
 *
 * @param request Of `PTRACE`.
 * @returns Its result, 0 for most.
 */
export function ptrace(
  request: number,
  tid: number,
  address: number | bigint,
  data: number | bigint,
): number {
  return unwrap("ptrace", retry(SYSCALLS.ptrace, request, tid, address, data));
}

function needs(buffer: NativeBuffer, size: number, what: string): number {
  if (buffer.size < size) {
    throw new RangeError(
      `Cannot hold ${what} as the buffer must have ${size} bytes: current value is ${buffer.size}`,
    );
  }
  return buffer.address;
}

/** Reads the general registers into the first 216 bytes of `buffer`, in the order of `REG`. */
export function getRegs(tid: number, buffer: NativeBuffer): void {
  ptrace(PTRACE.GETREGS, tid, 0, needs(buffer, REGS_SIZE, "registers"));
}

/** Sets the general registers. EIO when the kernel refuses a value (a segment, a base above 2^47). */
export function setRegs(tid: number, buffer: NativeBuffer): void {
  ptrace(PTRACE.SETREGS, tid, 0, needs(buffer, REGS_SIZE, "registers"));
}

/** Reads the siginfo of the stop, 128 bytes, see `SIGINFO`. EINVAL when it is a group-stop. */
export function getSigInfo(tid: number, buffer: NativeBuffer): void {
  ptrace(PTRACE.GETSIGINFO, tid, 0, needs(buffer, SIGINFO.size, "a siginfo"));
}

/**
 * Sets the siginfo with which the signal of the resumption is delivered. Only a signal-delivery-stop (and a
 * system-call stop) delivers one; the stop of SINGLESTEP at a handler's first instruction ignores it, and so
 * do event stops (ptrace(2), "Signal injection and suppression").
 */
export function setSigInfo(tid: number, buffer: NativeBuffer): void {
  ptrace(PTRACE.SETSIGINFO, tid, 0, needs(buffer, SIGINFO.size, "a siginfo"));
}

/** Message of an event stop: the new task after fork, vfork and clone; the status at exit. */
export function getEventMessage(tid: number): number {
  ptrace(PTRACE.GETEVENTMSG, tid, 0, scratch.address);
  return Number(scratch.u64[0]);
}

/** Replaces the options, of `PTRACE_O`. They are inherited by children that are traced automatically. */
export function setOptions(tid: number, options: number): void {
  ptrace(PTRACE.SETOPTIONS, tid, 0, options);
}

/** Reads a word of struct user (sys/user.h), debug registers for instance; `offset` in bytes. */
export function peekUser(tid: number, offset: number): bigint {
  ptrace(PTRACE.PEEKUSER, tid, offset, scratch.address);
  return scratch.u64[0]!;
}

/** Writes a word of struct user. */
export function pokeUser(tid: number, offset: number, value: bigint): void {
  ptrace(PTRACE.POKEUSER, tid, offset, value);
}

function regSet(request: number, tid: number, type: number, buffer: NativeBuffer, length: number): number {
  scratch.u64[IOVEC.base / 8] = BigInt(needs(buffer, length, "a register set"));
  scratch.u64[IOVEC.length / 8] = BigInt(length);
  ptrace(request, tid, type, scratch.address);
  return Number(scratch.u64[IOVEC.length / 8]);
}

/**
 * Reads a register set.
 *
 * @param type Of `NT`.
 * @param length Room, in bytes; less than the set has gives its beginning.
 * @returns Bytes that the kernel stored.
 */
export function getRegSet(tid: number, type: number, buffer: NativeBuffer, length = buffer.size): number {
  return regSet(PTRACE.GETREGSET, tid, type, buffer, length);
}

/** Writes a register set; NT.X86_XSTATE needs its whole length. Returns the bytes taken. */
export function setRegSet(tid: number, type: number, buffer: NativeBuffer, length = buffer.size): number {
  return regSet(PTRACE.SETREGSET, tid, type, buffer, length);
}

/** The blocked signals of a task: bit signal − 1. */
export function getSigMask(tid: number): bigint {
  ptrace(PTRACE.GETSIGMASK, tid, SIGSET_SIZE, scratch.address);
  return scratch.u64[0]!;
}

/** Replaces the blocked signals; the kernel leaves SIGKILL and SIGSTOP out. */
export function setSigMask(tid: number, mask: bigint): void {
  scratch.u64[0] = mask;
  ptrace(PTRACE.SETSIGMASK, tid, SIGSET_SIZE, scratch.address);
}

/** Lets a task go for good, with a signal if that is not 0. */
export function detach(tid: number, signal = 0): void {
  ptrace(PTRACE.DETACH, tid, 0, signal);
}

/** Sends a signal to a process (kill(2)); SIGKILL works in every state. */
export function kill(pid: number, signal: number): void {
  unwrap("kill", retry(SYSCALLS.kill, pid, signal));
}

/** Sends a signal to one thread. */
export function tgkill(pid: number, tid: number, signal: number): void {
  unwrap("tgkill", retry(SYSCALLS.tgkill, pid, tid, signal));
}
