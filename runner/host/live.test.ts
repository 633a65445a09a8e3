import { test } from "bun:test";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { assert, assertEquals } from "@std/assert";
import {
  ERRNO,
  encodePerfAttr,
  PERF_COUNT_HW,
  PERF_TYPE,
  PERSONALITY,
  rawSyscall,
  SYSCALLS,
} from "../../ffi/mod.ts";
import { attempt } from "./attempts.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { liveHost } from "./live.ts";
import { PROBES } from "./probes/mod.ts";

const found = capabilitiesOf(liveHost);
const stateOf = (name: string) => found.get(name)?.state;

/** What the kernel answers to perf_event_open of cycles in user mode: 0, or −errno. */
function openCycles(): number {
  using attr = encodePerfAttr({
    type: PERF_TYPE.HARDWARE,
    config: PERF_COUNT_HW.CPU_CYCLES,
    flags: ["disabled", "exclude_kernel"],
  });
  const fd = rawSyscall(SYSCALLS.perf_event_open, attr.address, 0, -1, -1, 0);
  if (fd >= 0) rawSyscall(SYSCALLS.close, fd);
  return Math.min(fd, 0);
}

test("liveHost: hardware-events is what perf_event_open says", () => {
  const refused = openCycles();
  const denied = refused === -ERRNO.EACCES || refused === -ERRNO.EPERM;
  assertEquals(stateOf("perf-allowed") === "no", denied);
  assertEquals(stateOf("hardware-events"), refused === 0 ? "yes" : "no");
});

test("liveHost: no bug of counters is found where nothing can be counted", () => {
  const dependent = PROBES.filter(
    ({ needs }) => needs !== undefined && ("pmu" in needs || "hardware-events" in needs),
  );
  assert(dependent.length > 0);
  for (const { name, kind, needs = {} } of dependent) {
    const met = Object.entries(needs).every(([need, state]) => stateOf(need) === state);
    if (!met) assert(stateOf(name) === "unknown" || (kind !== "harmful" && stateOf(name) === "no"), name);
  }
});

test("liveHost: virtual-machine agrees with the kernel's own flag of the processor", () => {
  const virtual = /^flags\s*:.*\bhypervisor\b/m.test(liveHost.readFile("/proc/cpuinfo") ?? "");
  assertEquals(stateOf("virtual-machine"), virtual ? "yes" : "no");
});

test("liveHost: hle and rtm agree with the kernel's flags of the processor", () => {
  const flags = /^flags\s*:(.*)$/m.exec(liveHost.readFile("/proc/cpuinfo") ?? "")?.[1]?.split(" ") ?? [];
  // The kernel may hide a flag that cpuid has, never the other way round.
  for (const name of ["hle", "rtm"]) if (flags.includes(name)) assertEquals(stateOf(name), "yes");
  assertEquals(
    stateOf("hle-ignored"),
    stateOf("hle") === "no" || stateOf("tsx-always-aborts") === "yes" ? "yes" : "no",
  );
});

test("liveHost: this test could be started, so that kernel, Bun and ptrace are found to work or to be refused", () => {
  assertEquals(stateOf("bun"), "yes");
  for (const name of [
    "ptrace",
    "ptrace-sysemu",
    "personality",
    "seccomp",
    "process-vm",
    "memfd",
    "shared-memory",
    "kcmp",
    "low-memory",
  ]) {
    assert(stateOf(name) !== "unknown", name);
  }
});

test("attempt() leaves no child and no change of personality behind", () => {
  const children = () =>
    liveHost.readFile(`/proc/self/task/${process.pid}/children`)?.trim().split(" ") ?? [];
  const others = children();
  const personality = () => rawSyscall(SYSCALLS.personality, 0xffff_ffff);
  const before = personality();
  assertEquals(before & PERSONALITY.ADDR_NO_RANDOMIZE, 0);
  attempt("personality");
  attempt("ptrace-sysemu");
  assertEquals(personality(), before);
  assertEquals(
    children().filter((child) => !others.includes(child)),
    [],
  );
});

test("liveHost.execute() runs in an empty folder that is gone behind it, and tells of an end by signal", () => {
  const run = liveHost.execute(["sh", "-c", "ls -A; touch here; pwd >&2; exit 3"]);
  assert(run !== undefined);
  assertEquals([run.exitCode, run.stdout], [3, ""]);
  const folder = run.stderr.trim();
  assert(folder.startsWith(tmpdir()) && !existsSync(folder), folder);
  assertEquals(liveHost.execute(["sh", "-c", "kill -9 $$"])?.exitCode, undefined);
});

test("liveHost.findProgram() says null for what is not there", () => {
  assertEquals(liveHost.findProgram("tickproof-no-such-program"), null);
  assert(typeof liveHost.findProgram("sh") === "string");
});

test("liveHost.traceSpace() is told of folders that are still to be made", () => {
  const space = liveHost.traceSpace();
  assert(space !== undefined && space.bytes >= 0 && space.folder.startsWith("/"));
});
