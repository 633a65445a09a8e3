import { expect, test } from "bun:test";
import { startTracee } from "../_testing.ts";
import {
  clearInterrupt,
  installInterrupts,
  interruptCount,
  PTRACE,
  pendingInterrupt,
  rawSyscall,
  restoreDefault,
  SIG,
  SYSCALLS,
  setTimer,
} from "../mod.ts";

const EINTR = -4;
const self = () => rawSyscall(SYSCALLS.getpid);

test("setTimer() ends a wait that nothing else would end", () => {
  using tracee = startTracee("/bin/sleep", ["1000"]);
  installInterrupts([SIG.SIGALRM]);
  setTimer(5);
  expect(tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0)).toBe(EINTR);
  expect(tracee.control.resumeResult).toBe(0);
  expect(tracee.control.status).toBe(0);
  expect(pendingInterrupt()).toBe(SIG.SIGALRM);
  clearInterrupt();
  expect(pendingInterrupt()).toBe(0);
  restoreDefault(SIG.SIGALRM);
});

test("setTimer(0) cancels, and setTimer() throws RangeError for a negative time", () => {
  installInterrupts([SIG.SIGALRM]);
  setTimer(1_000_000);
  setTimer(0);
  expect(() => setTimer(-1)).toThrow(RangeError);
  expect(() => setTimer(Number.NaN)).toThrow(RangeError);
  restoreDefault(SIG.SIGALRM);
});

test("wait() returns -EINTR as long as an interrupt is pending, and then waits again", () => {
  using tracee = startTracee("/bin/true");
  const { pid, control } = tracee;
  installInterrupts([SIG.SIGUSR1]);
  const count = interruptCount();
  rawSyscall(SYSCALLS.kill, self(), SIG.SIGUSR1);
  expect(interruptCount()).toBe(count + 1);
  expect(control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0)).toBe(EINTR);
  expect(control.wait(pid, 0)).toBe(EINTR);
  clearInterrupt(SIG.SIGUSR1);
  expect(control.wait(pid, 0)).toBe(pid);
  restoreDefault(SIG.SIGUSR1);
});

test("pendingInterrupt() puts every signal before SIGALRM, and clearInterrupt() takes them one by one", () => {
  installInterrupts([SIG.SIGALRM, SIG.SIGTERM, 40]);
  for (const signal of [40, SIG.SIGALRM, SIG.SIGTERM]) rawSyscall(SYSCALLS.kill, self(), signal);
  expect(pendingInterrupt()).toBe(SIG.SIGTERM);
  clearInterrupt();
  expect(pendingInterrupt()).toBe(40);
  clearInterrupt();
  expect(pendingInterrupt()).toBe(SIG.SIGALRM);
  clearInterrupt();
  expect(pendingInterrupt()).toBe(0);
  clearInterrupt();
  for (const signal of [40, SIG.SIGALRM, SIG.SIGTERM]) restoreDefault(signal);
});

test("a signal that another thread receives reaches the thread that waits", async () => {
  using tracee = startTracee("/bin/sleep", ["1000"]);
  installInterrupts([SIG.SIGUSR1]);
  // Any other thread of this process: the kernel is told to deliver there.
  const threads = [...new Bun.Glob("*").scanSync({ cwd: "/proc/self/task", onlyFiles: false })].map(Number);
  const other = threads.find((tid) => tid !== rawSyscall(SYSCALLS.gettid));
  expect(other).toBeDefined();
  rawSyscall(SYSCALLS.tgkill, self(), other, SIG.SIGUSR1);
  // It arrives during this wait or before it: the result is the same.
  expect(tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0)).toBe(EINTR);
  expect(pendingInterrupt()).toBe(SIG.SIGUSR1);
  clearInterrupt();
  restoreDefault(SIG.SIGUSR1);
});
