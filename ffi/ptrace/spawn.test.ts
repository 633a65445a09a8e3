import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTracee, TEST_OPTIONS } from "../_testing.ts";
import {
  getRegs,
  isErrno,
  PTRACE,
  REG,
  SIG,
  type SyscallError,
  setOptions,
  spawnTraced,
  TraceeControl,
  waitStatus,
} from "../mod.ts";

test("spawnTraced() stops a program before its first instruction, which can be stepped and run", () => {
  using control = new TraceeControl();
  const pid = spawnTraced({ path: "/bin/true", argv: ["true"], env: [] });
  expect(control.wait(pid, 0)).toBe(pid);
  expect(waitStatus(control.status)).toEqual({ kind: "stopped", signal: SIG.SIGTRAP, event: 0 });
  expect(control.regsResult).toBe(0);
  const start = control.regs.u64[REG.rip];
  setOptions(pid, TEST_OPTIONS);
  expect(control.resumeAndWait(PTRACE.SINGLESTEP, pid, 0, pid, 0)).toBe(pid);
  expect(control.resumeResult).toBe(0);
  expect(control.regs.u64[REG.rip]).not.toBe(start);
  const stepped = control.regs.u64.slice();
  getRegs(pid, control.regs);
  expect(control.regs.u64).toEqual(stepped);
  expect(control.resumeAndWait(PTRACE.CONT, pid, 0, pid, 0)).toBe(pid);
  expect(waitStatus(control.status)).toEqual({ kind: "exited", code: 0 });
  expect(control.regsResult).toBe(1);
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

test("spawnTraced() names the remedy for a file that is no program or not executable", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-ffi-"));
  const path = join(folder, "plain");
  writeFileSync(path, "just text\n", { mode: 0o644 });
  const spawn = () => spawnTraced({ path, argv: ["plain"], env: [] });
  expect(spawn).toThrow(/EACCES .*chmod \+x/);
  rmSync(path);
  writeFileSync(path, "just text\n", { mode: 0o755 });
  expect(spawn).toThrow(/ENOEXEC .*#! line/);
  rmSync(folder, { recursive: true });
});

test("spawnTraced() passes arguments and environment, and switches randomisation off", () => {
  const show = () => {
    using tracee = startTracee("/bin/true", ["a b", "", "ä"], ["X=1", "EMPTY="]);
    const read = (file: string) => readFileSync(`/proc/${tracee.pid}/${file}`, "utf8");
    expect(read("cmdline")).toBe("/bin/true\0a b\0\0ä\0");
    expect(read("environ")).toBe("X=1\0EMPTY=\0");
    expect(read("personality").trim()).toBe("00040000");
    return [tracee.control.regs.u64[REG.rip], tracee.control.regs.u64[REG.rsp]];
  };
  expect(show()).toEqual(show());
});

test("spawnTraced() throws RangeError for an argument that contains NUL", () => {
  expect(() => spawnTraced({ path: "/bin/true", argv: ["true", "a\0b"], env: [] })).toThrow(RangeError);
});

test("spawnTraced() leaves no memory behind, whether it starts the program or not", () => {
  const mappings = () => readFileSync("/proc/self/maps", "utf8").split("\n").length;
  const attempt = () => expect(() => spawnTraced({ path: "/no", argv: [], env: [] })).toThrow("ENOENT");
  attempt();
  const before = mappings();
  for (let round = 0; round < 50; round++) attempt();
  expect(mappings()).toBeLessThan(before + 50);
});
