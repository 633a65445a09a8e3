import { test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Counter, HeldChild, kill, resourceUsage, SIG, SyscallError, TraceeControl } from "../mod.ts";

const sh = (script: string) => ({ path: "/bin/sh", argv: ["sh", "-c", script], env: ["X=1"] });

test("HeldChild executes its program when it is released, and not before", () => {
  using control = new TraceeControl();
  using child = new HeldChild(sh("exit 7"));
  // It is still what we are.
  assertEquals(readlinkSync(`/proc/${child.pid}/exe`), readlinkSync("/proc/self/exe"));
  child.release();
  assertEquals(child.wait(control), { kind: "exited", code: 7 });
});

test("HeldChild runs with default signals and its own address randomisation", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-held-"));
  const file = join(folder, "status");
  using control = new TraceeControl();
  using child = new HeldChild(sh(`cat /proc/self/status /proc/self/personality > ${file}`));
  child.release();
  assertEquals(child.wait(control), { kind: "exited", code: 0 });
  const status = readFileSync(file, "utf8");
  assert(/SigBlk:\t0+\n/.test(status) && /SigIgn:\t0+\n/.test(status), status);
  assertEquals(status.trim().split("\n").at(-1), readFileSync("/proc/self/personality", "utf8").trim());
  rmSync(folder, { recursive: true });
});

test("HeldChild tells the signal that killed its program", () => {
  using control = new TraceeControl();
  using child = new HeldChild(sh("kill -TERM $$"));
  child.release();
  assertEquals(child.wait(control), { kind: "killed", signal: SIG.SIGTERM, core: false });
});

test("HeldChild.wait() throws SyscallError with a remedy for a program that does not exist", () => {
  using control = new TraceeControl();
  using child = new HeldChild({ path: "/no/such/program", argv: ["x"], env: [] });
  child.release();
  assertThrows(() => child.wait(control), SyscallError, "execve(/no/such/program) failed: ENOENT");
});

test("HeldChild is gone when it is disposed, released or not", () => {
  for (const release of [false, true]) {
    let pid = 0;
    {
      using child = new HeldChild({ path: "/bin/sleep", argv: ["sleep", "1000"], env: [] });
      pid = child.pid;
      assert(existsSync(`/proc/${pid}`));
      if (release) child.release();
    }
    assertThrows(() => kill(pid, 0), SyscallError, "ESRCH");
  }
});

test("Counter with enableOnExec counts a held child's program from its exec on, with its children", () => {
  using control = new TraceeControl();
  using child = new HeldChild(sh("/bin/true; /bin/true; exit 0"));
  using faults = Counter.open("page-faults", { pid: child.pid, inherit: true, enableOnExec: true });
  using alone = Counter.open("page-faults", { pid: child.pid, enableOnExec: true });
  using switches = Counter.open("cs", { pid: child.pid, inherit: true, enableOnExec: true });
  assertEquals(faults.reading().state, "not-counted");
  const before = resourceUsage("children");
  child.release();
  child.wait(control);
  const after = resourceUsage("children");
  const [all, own, left] = [faults.reading(), alone.reading(), switches.reading()];
  assert(all.state === "counted" && own.state === "counted" && left.state === "counted");
  assert(own.value > 0n && all.value > own.value, `${own.value} of ${all.value}`);
  // The kernel's account of the child and its children; it begins a little earlier, at the gate.
  const account = after.minorFaults + after.majorFaults - before.minorFaults - before.majorFaults;
  assert(Number(all.value) <= account && Number(all.value) > account / 2, `${all.value} of ${account}`);
  const leaves = after.voluntarySwitches + after.involuntarySwitches;
  const leavesBefore = before.voluntarySwitches + before.involuntarySwitches;
  // At its end each task leaves the processor once more than it is accounted for.
  assert(Number(left.value) <= leaves - leavesBefore + 3, `${left.value} of ${leaves - leavesBefore}`);
});
