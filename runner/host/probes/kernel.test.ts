import { test } from "bun:test";
import type { Attempt } from "../types.ts";
import { expectFindings } from "./_expect.ts";

const RELEASE = "/proc/sys/kernel/osrelease";
const SCOPE = "/proc/sys/kernel/yama/ptrace_scope";

test("kernel-recent compares releases as numbers", () => {
  expectFindings("kernel-recent", [
    [{ files: { [RELEASE]: "6.1.0-18-amd64\n" } }, "yes", "Linux 6.1.0-18-amd64"],
    [{ files: { [RELEASE]: "5.1.0\n" } }, "yes", "5.1"],
    [{ files: { [RELEASE]: "4.19.0-26-amd64\n" } }, "no", "Linux 4.19"],
    [{ files: { [RELEASE]: "four\n" } }, "unknown", "can't be read"],
    [{}, "unknown", "can't be read"],
  ]);
});

test("unfiltered tells a filter that is there already from none", () => {
  const status = (mode: number) => ({ files: { "/proc/self/status": `Name:\tbun\nSeccomp:\t${mode}\n` } });
  expectFindings("unfiltered", [
    [status(0), "yes", "there is none"],
    [status(1), "no", "Seccomp: 1"],
    [status(2), "no", "Seccomp: 2"],
    [{}, "unknown", "doesn't tell"],
  ]);
});

test("what can be tried is yes where it works, no with the refusal, and unknown on described hosts", () => {
  const refused = { works: false, call: "call", code: "EPERM" } as const;
  const names: readonly Attempt[] = [
    "ptrace",
    "personality",
    "seccomp",
    "memfd",
    "shared-memory",
    "kcmp",
    "low-memory",
  ];
  for (const name of names) {
    expectFindings(name, [
      [{ attempts: { [name]: { works: true } } }, "yes", "works"],
      [{ attempts: { [name]: refused } }, "no", "call: EPERM"],
      [{}, "unknown", "a described host doesn't tell"],
    ]);
  }
});

test("what needs a traced child can't be tried without ptrace", () => {
  const works = { works: true } as const;
  const refused = { works: false, call: "call", code: "EPERM" } as const;
  for (const name of ["ptrace-sysemu", "proc-mem", "process-vm"] as const) {
    expectFindings(name, [
      [{ attempts: { ptrace: works, [name]: works } }, "yes", "works"],
      [{ attempts: { ptrace: works, [name]: refused } }, "no", "call: EPERM"],
      [{ attempts: { ptrace: refused, [name]: works } }, "no", "ptrace is no"],
      [{}, "unknown", "ptrace is unknown"],
    ]);
  }
});

test("yama-restricted is yes from level 2 on", () => {
  expectFindings("yama-restricted", [
    [{ files: { [SCOPE]: "0\n" } }, "no", "everybody may trace"],
    [{ files: { [SCOPE]: "1\n" } }, "no", "a child's own tracer"],
    [{ files: { [SCOPE]: "2\n" } }, "yes", "CAP_SYS_PTRACE"],
    [{ files: { [SCOPE]: "3\n" } }, "yes", "nobody may trace"],
    [{ files: { [SCOPE]: "seven\n" } }, "unknown", "seven"],
    [{}, "no", "no Yama"],
  ]);
});
