import { expect, test } from "bun:test";
import { startTracee } from "../_testing.ts";
import {
  detach,
  getEventMessage,
  getRegSet,
  getRegs,
  getSigInfo,
  getSigMask,
  isErrno,
  kill,
  NativeBuffer,
  NT,
  PTRACE,
  PTRACE_EVENT,
  peekUser,
  pokeUser,
  REG,
  REGS_SIZE,
  SI,
  SIG,
  SIGINFO,
  SYSCALL_STOP,
  SYSCALLS,
  setRegSet,
  setRegs,
  setSigInfo,
  setSigMask,
  signalBit,
  waitStatus,
} from "../mod.ts";

test("setRegs() and getRegs() set and read all registers", () => {
  using tracee = startTracee("/bin/true");
  using regs = NativeBuffer.map(REGS_SIZE);
  getRegs(tracee.pid, regs);
  regs.u64[REG.r12] = 0xdead_beef_cafe_f00dn;
  setRegs(tracee.pid, regs);
  regs.u8.fill(0);
  getRegs(tracee.pid, regs);
  expect(regs.u64[REG.r12]).toBe(0xdead_beef_cafe_f00dn);
  expect(regs.u64[REG.rip]).toBe(tracee.control.regs.u64[REG.rip]);
  using small = NativeBuffer.map(8);
  expect(() => getRegs(tracee.pid, small)).toThrow(RangeError);
});

test("peekUser() and pokeUser() reach single registers", () => {
  using tracee = startTracee("/bin/true");
  pokeUser(tracee.pid, REG.r13 * 8, 0xffff_ffff_ffff_fffen);
  expect(peekUser(tracee.pid, REG.r13 * 8)).toBe(0xffff_ffff_ffff_fffen);
});

test("getRegSet() reads the general registers and the extended state, and setRegSet() writes them back", () => {
  using tracee = startTracee("/bin/true");
  using set = NativeBuffer.map(65536);
  expect(getRegSet(tracee.pid, NT.PRSTATUS, set)).toBe(REGS_SIZE);
  expect(set.u64[REG.rip]).toBe(tracee.control.regs.u64[REG.rip]);
  const length = getRegSet(tracee.pid, NT.X86_XSTATE, set);
  expect(length).toBeGreaterThanOrEqual(576);
  expect(set.u32[6]).toBe(0x1f80); // MXCSR after execve
  // XSTATE_BV (Intel SDM volume 1, 13.4.2): a component that it leaves out is set to its initial state.
  set.u64[64]! |= 3n;
  set.u32[6] = 0x1fa0;
  expect(setRegSet(tracee.pid, NT.X86_XSTATE, set, length)).toBe(length);
  set.u32[6] = 0;
  getRegSet(tracee.pid, NT.X86_XSTATE, set);
  expect(set.u32[6]).toBe(0x1fa0);
});

test("setSigMask() blocks signals of a task", () => {
  using tracee = startTracee("/bin/true");
  expect(getSigMask(tracee.pid)).toBe(0n);
  setSigMask(tracee.pid, signalBit(SIG.SIGUSR1) | signalBit(64));
  expect(getSigMask(tracee.pid)).toBe(signalBit(SIG.SIGUSR1) | signalBit(64));
});

test("getSigInfo() tells who sent a signal, and setSigInfo() changes it", () => {
  using tracee = startTracee("/bin/true");
  kill(tracee.pid, SIG.SIGUSR1);
  tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0);
  expect(waitStatus(tracee.control.status)).toEqual({ kind: "stopped", signal: SIG.SIGUSR1, event: 0 });
  using info = NativeBuffer.map(SIGINFO.size);
  getSigInfo(tracee.pid, info);
  expect(info.view.getInt32(SIGINFO.si_signo, true)).toBe(SIG.SIGUSR1);
  expect(info.view.getInt32(SIGINFO.si_code, true)).toBe(SI.USER);
  expect(info.view.getInt32(SIGINFO.si_pid, true)).toBe(process.pid);
  info.view.setInt32(SIGINFO.si_pid, 12345, true);
  setSigInfo(tracee.pid, info);
  info.u8.fill(0);
  getSigInfo(tracee.pid, info);
  expect(info.view.getInt32(SIGINFO.si_pid, true)).toBe(12345);
});

test("resumeAndWait() follows a fork, and reads the registers of the task that stopped", () => {
  using tracee = startTracee("/bin/sh", ["-c", "(exit 7); exit $?"]);
  const { pid, control } = tracee;
  const isFork = () =>
    [PTRACE_EVENT.FORK, PTRACE_EVENT.VFORK, PTRACE_EVENT.CLONE].includes((control.status >> 16) as 1);
  do expect(control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0)).toBe(pid);
  while (!isFork());
  const child = getEventMessage(pid);
  const parentStack = control.regs.u64.slice();
  // The parent stays where it is; waiting for the child must give the child's registers: rax 0 after fork.
  expect(control.wait(child, 0)).toBe(child);
  expect(control.regs.u64[REG.rax]).toBe(0n);
  expect(control.regs.u64).not.toEqual(parentStack);
  expect(control.resumeAndWait(PTRACE.CONT, child, 0, child, 0)).toBe(child);
  expect(waitStatus(control.status)).toEqual({ kind: "exited", code: 7 });
  control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0);
  expect(waitStatus(control.status)).toEqual({ kind: "stopped", signal: SIG.SIGCHLD, event: 0 });
  control.resumeAndWait(PTRACE.CONT, pid, SIG.SIGCHLD, pid, 0);
  expect(waitStatus(control.status)).toEqual({ kind: "exited", code: 7 });
});

test("resumeAndWait() stops at both ends of a system call under TRACESYSGOOD", () => {
  using tracee = startTracee("/bin/true");
  const { pid, control } = tracee;
  control.resumeAndWait(PTRACE.SYSCALL, pid, 0, pid, 0);
  expect(waitStatus(control.status)).toEqual({
    kind: "stopped",
    signal: SIG.SIGTRAP | SYSCALL_STOP,
    event: 0,
  });
  const nr = control.regs.u64[REG.orig_rax];
  expect(nr).toBe(BigInt(SYSCALLS.brk));
  expect(control.regs.u64[REG.rax]).toBe(BigInt.asUintN(64, -38n));
  control.resumeAndWait(PTRACE.SYSCALL, pid, 0, pid, 0);
  expect(control.regs.u64[REG.orig_rax]).toBe(nr);
  expect(control.regs.u64[REG.rax]).toBeGreaterThan(0n);
});

test("resumeAndWait() reports a resumption that failed and does not wait", () => {
  using tracee = startTracee("/bin/true");
  const { pid, control } = tracee;
  control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0);
  expect(control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0)).toBe(-3);
  expect(control.resumeResult).toBe(-3);
  expect(control.resume(PTRACE.CONT, pid, 0)).toBe(-3);
  expect(control.wait(pid, 0)).toBe(-10);
  expect(control.resumeResult).toBe(0);
});

test("detach() lets a task run on, and a request on it then fails with ESRCH", () => {
  using tracee = startTracee("/bin/sleep", ["1000"]);
  detach(tracee.pid);
  try {
    getSigMask(tracee.pid);
    expect.unreachable();
  } catch (error) {
    expect(isErrno(error, "ESRCH")).toBe(true);
  }
});
