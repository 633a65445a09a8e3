import { test } from "bun:test";
import { assert, assertMatch } from "@std/assert";
import { rawSyscall, readKernelLog, SYSCALLS } from "../mod.ts";

test("readKernelLog() gives lines with their times and without their levels, or nothing where it is forbidden", () => {
  const lines = readKernelLog();
  if (lines === undefined) {
    // SYSLOG_ACTION_READ_ALL with no room: the kernel refuses by itself (EPERM), or there is no log (ENOSYS).
    assert(rawSyscall(SYSCALLS.syslog, 3, 0, 0) < 0);
    return;
  }
  assert(lines.length > 0);
  for (const line of lines) assert(!line.startsWith("<"), line);
  assertMatch(lines.join("\n"), /^(\[ *\d+\.\d+\]|[^[])/);
});
