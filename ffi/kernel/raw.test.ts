import { expect, test } from "bun:test";
import { isErrno, rawSyscall, SYSCALLS, SyscallError, unwrap } from "../mod.ts";

test("rawSyscall() returns the result as a number", () => {
  expect(rawSyscall(SYSCALLS.getpid)).toBe(process.pid);
});

test("rawSyscall() returns -errno", () => {
  expect(rawSyscall(SYSCALLS.close, -1)).toBe(-9);
  expect(rawSyscall(999_999)).toBe(-38);
});

test("rawSyscall() passes six arguments, bigints and large addresses", () => {
  const address = rawSyscall(SYSCALLS.mmap, 0, 4096n, 0, 0x22, -1, 0);
  expect(address).toBeGreaterThan(0x1000);
  expect(rawSyscall(SYSCALLS.munmap, BigInt(address), 4096)).toBe(0);
  // An offset that is no multiple of the page: the sixth argument has arrived.
  expect(rawSyscall(SYSCALLS.mmap, 0, 4096, 0, 0x22, -1, 1)).toBe(-22);
  expect(rawSyscall(SYSCALLS.munmap, 0xffff_ffff_ffff_f000n, 4096)).toBe(-22);
});

test("unwrap() returns results and throws SyscallError for -4095 to -1", () => {
  expect(unwrap("read", 5)).toBe(5);
  expect(unwrap("lseek", -4096)).toBe(-4096);
  expect(() => unwrap("open", -2, "look elsewhere")).toThrow(
    "open failed: ENOENT (No such file or directory); look elsewhere",
  );
});

test("SyscallError knows the remedy of a well-known error", () => {
  const error = new SyscallError("ptrace", 1);
  expect(error).toMatchObject({ syscall: "ptrace", errno: 1, code: "EPERM" });
  expect(error.remedy).toContain("SYS_PTRACE");
  expect(isErrno(error, "EPERM")).toBe(true);
  expect(isErrno(new Error("EPERM"), "EPERM")).toBe(false);
});
