import { expect, test } from "bun:test";
import { PTRACE_EVENT, SIG, SYSCALL_STOP, waitStatus } from "../mod.ts";

test("waitStatus() tells an exit, a death and a stop apart", () => {
  expect(waitStatus(0x0300)).toEqual({ kind: "exited", code: 3 });
  expect(waitStatus(SIG.SIGKILL)).toEqual({ kind: "killed", signal: SIG.SIGKILL, core: false });
  expect(waitStatus(SIG.SIGSEGV | 0x80)).toEqual({ kind: "killed", signal: SIG.SIGSEGV, core: true });
  expect(waitStatus(0x137f)).toEqual({ kind: "stopped", signal: SIG.SIGSTOP, event: 0 });
});

test("waitStatus() keeps the mark of a system-call stop and the event", () => {
  expect(waitStatus(0x857f)).toEqual({ kind: "stopped", signal: SIG.SIGTRAP | SYSCALL_STOP, event: 0 });
  expect(waitStatus(0x4057f)).toEqual({ kind: "stopped", signal: SIG.SIGTRAP, event: PTRACE_EVENT.EXEC });
  expect(waitStatus(0x80057f)).toEqual({ kind: "stopped", signal: SIG.SIGTRAP, event: PTRACE_EVENT.STOP });
});

test("waitStatus() throws RangeError for a task that continued", () => {
  expect(() => waitStatus(0xffff)).toThrow(RangeError);
});
