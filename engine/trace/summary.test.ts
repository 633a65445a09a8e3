import { expect, test } from "bun:test";
import { META, oneOfEach, record, syscalls, temporaryFolder } from "./_fixtures.ts";
import { formatSummary, summarize } from "./summary.ts";

test("summarize() counts what is in a trace", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), oneOfEach());
  const { sizeBytes, ...summary } = summarize(folder.path("run"));
  expect(sizeBytes).toBeGreaterThan(500);
  expect(summary).toEqual({
    command: META.command,
    host: META.host,
    engine: META.engine,
    bun: META.bun,
    startedAt: META.startedAt,
    events: 14,
    kinds: {
      exec: 1,
      syscall: 2,
      signal: 1,
      clone: 1,
      switch: 1,
      instruction: 1,
      exit: 1,
      memory: 1,
      file: 1,
      checksum: 1,
      note: 1,
      registers: 1,
      end: 1,
    },
    syscalls: { mmap: 1, write: 1 },
    buffered: 0,
    ticks: 22,
    tasks: 2,
    processes: 1,
    signals: 1,
    switches: 1,
    exit: { code: 1 },
    reason: "exited",
    message: "it says\nso",
    notes: ["somebody looks on"],
    complete: true,
  });
});

test("summarize() tells of a trace that breaks off", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), syscalls(5));
  const summary = summarize(folder.path("run"));
  expect(summary).toMatchObject({
    events: 5,
    complete: false,
    exit: undefined,
    reason: undefined,
    tasks: 2,
    ticks: 4 + 3,
  });
  expect(summary.incomplete).toBe(
    "The trace ends after chunk 0, event 4: the recorder was killed, or had no more room",
  );
});

test("summarize() adds up tasks that had the same thread id one after the other", () => {
  using folder = temporaryFolder();
  const exit = { kind: "exit" as const, status: 0, writes: [] };
  record(folder.path("run"), [
    { ...syscalls(1)[0]!, ...exit, ticks: 10 },
    { ...syscalls(1)[0]!, ...exit, ticks: 20 },
  ]);
  expect(summarize(folder.path("run"))).toMatchObject({ ticks: 30, tasks: 2 });
});

test("formatSummary() gives one fact a line", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), oneOfEach());
  const summary = { ...summarize(folder.path("run")), sizeBytes: 1_250_000 };
  expect(formatSummary(summary)).toBe(`command   /bin/true "an argument"
recorded  2026-08-01T00:00:00.000Z by embedded 0.1.0 on Bun 1.4.5
host      here: A CPU, 2 cores, Linux 6.18.0, virtual
events    14 (exec 1, syscall 2, signal 1, clone 1, switch 1, instruction 1, exit 1, memory 1, file 1, checksum 1, note 1, registers 1, end 1)
syscalls  mmap 1, write 1
tasks     2 in 1 process
ticks     22
size      1.3 MB
end       exited with 1: it says\\x0aso
note      somebody looks on`);
});
