import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { ERRNO, PERF_TYPE } from "../../ffi/mod.ts";
import { type FakeHost, fakeHost } from "./_fake-host.ts";
import { capabilitiesOf } from "./capabilities.ts";
import type { EngineName } from "./types.ts";
import { judge } from "./verdict.ts";

/** All that the embedded engine wants of a kernel. */
const works = { works: true } as const;
const goodKernel: FakeHost = {
  files: { "/proc/sys/kernel/osrelease": "6.1.0\n" },
  attempts: {
    ptrace: works,
    "ptrace-sysemu": works,
    personality: works,
    seccomp: works,
    "proc-mem": works,
    memfd: works,
    "shared-memory": works,
    kcmp: works,
    "low-memory": works,
  },
};
const rrThere: FakeHost = {
  programs: { rr: "/usr/bin/rr" },
  execute: () => ({ exitCode: 0, stdout: "rr version 5.6.0\n", stderr: "" }),
};

function verdictOn(engine: EngineName, made: FakeHost) {
  const { runs, obstacles, limits, open } = judge(engine, capabilitiesOf(fakeHost(made)));
  const names = (objections: typeof limits) => objections.map(({ capability }) => capability);
  return { runs, obstacles: names(obstacles), limits: names(limits), open };
}

test("judge() lets an engine run where all that it needs is there", () => {
  const expected = { runs: true, obstacles: [], limits: [], open: [] };
  assertEquals(verdictOn("embedded", goodKernel), expected);
  assertEquals(verdictOn("rr", { ...goodKernel, ...rrThere }), expected);
});

test("judge() names the cause, and not what follows from it", () => {
  const noPmu = { refuse: ({ type }: { type: number }) => (type === PERF_TYPE.SOFTWARE ? 0 : ERRNO.ENOENT) };
  assertEquals(verdictOn("rr", { ...goodKernel, ...rrThere, pmu: noPmu }), {
    runs: false,
    obstacles: ["hardware-events"],
    limits: [],
    open: ["xen-pmi-overcount"],
  });
});

test("judge() finds what keeps either engine from running without ptrace", () => {
  const attempts = {
    ...goodKernel.attempts,
    ptrace: { works: false, call: "ptrace", code: "EPERM" },
  } as const;
  for (const engine of ["embedded", "rr"] as const) {
    assertEquals(verdictOn(engine, { ...goodKernel, ...rrThere, attempts }).obstacles, ["ptrace"]);
  }
});

test("judge() tells limits apart from obstacles, and what is not known from both", () => {
  const verdict = verdictOn("rr", { ...rrThere, features: { ebx: 1 << 4 }, pmu: { kvmBug: true } });
  assertEquals(verdict.runs, true);
  assertEquals(verdict.limits, ["kvm-in-txcp-bug"]);
  assertEquals(verdict.open, ["ptrace", "ptrace-sysemu", "personality", "seccomp", "proc-mem"]);
});

test("judge() has no objection of counters against the engine that needs none", () => {
  const broken = { refuse: () => ERRNO.EACCES };
  assertEquals(verdictOn("embedded", { ...goodKernel, pmu: broken }).runs, true);
});

test("judge() lets an rr run without a PMU where it counts in software", () => {
  const fork: FakeHost = {
    programs: { rr: "/usr/bin/rr" },
    execute: (command) => {
      if (command.includes("--version")) return { exitCode: 0, stdout: "rr version 5.9.0\n", stderr: "" };
      if (command.includes("--help")) return { exitCode: 1, stdout: "", stderr: "  -W  count in software\n" };
      return { exitCode: command.includes("-W") ? 0 : 1, stdout: "", stderr: "[FATAL x] no PMU\n" };
    },
  };
  const pmu = { refuse: () => ERRNO.EACCES };
  assertEquals(verdictOn("rr", { ...goodKernel, ...fork, pmu, processor: "turin" }), {
    runs: true,
    obstacles: [],
    limits: [],
    open: [],
  });
});
