/** Attempts for pages under test: several hosts, every verdict, and words that must never be markup. */
import { attempt, runOn } from "../history/_fixtures.ts";
import type { AttemptRow } from "../history/mod.ts";

/** A reason that would be markup, if anything took it for that. */
export const HOSTILE = `</script><img src=x onerror="document.title='taken'"><!--`;

/** An attempt of a run on a day of November 2026; the run's number is the day. */
export function row(day: number, more: Partial<AttemptRow> = {}): AttemptRow {
  const { version: _, bun: __, ...run } = runOn(day);
  return { run: day, ...run, ...attempt(), ...more };
}

/** Registers of a divergence, of which rax may differ. */
function registers(rax: string): Record<string, string> {
  return { rax, rbx: "0x1", rip: "0x401009", eflags: "0x246" };
}

/** Details of an attempt whose replay had another rax at a write. */
export const DIVERGED: NonNullable<AttemptRow["detail"]> = {
  divergence: {
    difference: {
      task: 100,
      name: "write",
      expected: { ticks: 4_180_530, registers: registers("0x1") },
      found: { ticks: 4_240_512, registers: registers("0x2") },
    },
    code: {
      pc: "0x401009",
      path: "/usr/bin/program",
      offset: "0x1009",
      lines: [
        { address: "0x401007", bytes: "7502", text: "jne short 0x40100b" },
        { address: "0x401009", bytes: "0f05", text: "syscall" },
        { address: "0x40100b", bytes: "c3", text: "ret" },
      ],
    },
  },
  trace: "/traces/run-1",
};

/** Steps of a script's test. */
const STEPS = [
  {
    name: "records",
    verdict: { kind: "pass" },
    milliseconds: 12,
    steps: [{ name: "inner", verdict: { kind: "skip", reason: "no rr" }, milliseconds: 1, steps: [] }],
  },
] as const;

/** Some runs on three hosts. */
export function someAttempts(): AttemptRow[] {
  const kernelLog = ["perf: interrupt took too long (60205 > 38461)"];
  const mismatch = "replay diverged: ticks mismatch at event 12 (write): expected 4180530, got 4240512";
  return [
    ...[1, 2, 3].map((number) => row(1, { number, ticks: 1000 + number })),
    row(2),
    row(2, { number: 2, verdict: "fail", reason: mismatch, ticks: 1400, detail: DIVERGED }),
    row(2, { test: "core/hle", host: "other", kernel: "6.6", detail: { kernelLog } }),
    row(2, {
      test: "core/hle",
      verdict: "skip",
      reason: "this host has no 'hle'",
      detail: { missing: ["hle"] },
    }),
    row(2, { test: "script/echo", nativeMs: null, detail: { steps: STEPS } }),
    row(2, { test: "core/spin", verdict: "fail", reason: HOSTILE, ticks: null }),
    row(2, { test: "core/spin", describedHost: "skylake-kvm", verdict: "xfail", reason: "known" }),
  ];
}

/** So many attempts at a tenth as many tests. */
export function manyAttempts(count: number): AttemptRow[] {
  return Array.from({ length: count }, (_, index) =>
    row(1 + (index % 10), {
      test: `many/test-${String(Math.floor(index / 10)).padStart(4, "0")}`,
      ticks: index % 7,
    }),
  );
}
