import { expect, test } from "bun:test";
import {
  getRegs,
  isErrno,
  PTRACE,
  PTRACE_EVENT,
  PTRACE_O,
  REG,
  SIG,
  type SyscallError,
  setOptions,
  spawnTraced,
  TraceeControl,
  waitStatus,
} from "./mod.ts";

const OPTIONS =
  PTRACE_O.EXITKILL |
  PTRACE_O.TRACESYSGOOD |
  PTRACE_O.TRACEEXEC |
  PTRACE_O.TRACECLONE |
  PTRACE_O.TRACEFORK |
  PTRACE_O.TRACEVFORK;

test("spawnTraced() stops a program before its first instruction, which can be stepped and run", () => {
  using control = new TraceeControl();
  const pid = spawnTraced({ path: "/bin/true", argv: ["true"], env: [] });
  expect(control.wait(pid, 0)).toBe(pid);
  expect(waitStatus(control.status)).toEqual({ kind: "stopped", signal: SIG.SIGTRAP, event: 0 });
  expect(control.regsResult).toBe(0);
  const start = control.regs.u64[REG.rip];
  setOptions(pid, OPTIONS);
  expect(control.resumeAndWait(PTRACE.SINGLESTEP, pid, 0, pid, 0)).toBe(pid);
  expect(control.resumeResult).toBe(0);
  expect(control.regs.u64[REG.rip]).not.toBe(start);
  const stepped = control.regs.u64.slice();
  getRegs(pid, control.regs);
  expect(control.regs.u64).toEqual(stepped);
  expect(control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0)).toBe(pid);
  expect(waitStatus(control.status)).toEqual({ kind: "exited", code: 0 });
  expect(control.regsResult).toBe(1);
  expect(PTRACE_EVENT.EXEC).toBe(4);
});

test("spawnTraced() throws SyscallError with a remedy for a program that does not exist", () => {
  try {
    spawnTraced({ path: "/no/such/program", argv: ["x"], env: [] });
    throw new Error("it should not have started");
  } catch (error) {
    expect(isErrno(error, "ENOENT")).toBe(true);
    expect((error as SyscallError).message).toContain("execve(/no/such/program)");
    expect((error as SyscallError).remedy).toContain("check the path");
  }
});
