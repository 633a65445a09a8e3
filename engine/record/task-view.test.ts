/** What /proc says of a recorded task, by texts of other machines and moments than this one. */
import { expect, test } from "bun:test";
import type { RecordedTask } from "./recorded-task.ts";
import { UNFILTERED } from "./seccomp/state.ts";
import { visibleCpuinfo, visibleStat, visibleStatus } from "./task-view.ts";

const SIG_IGN = 1;

function task(changes: object = {}): RecordedTask {
  const quiet = {
    state: "ready",
    choseProcessors: false,
    savedMask: undefined,
    trap: { blocked: false, pending: undefined },
    process: { actions: { handler: () => 0 } },
    seccomp: UNFILTERED,
  };
  return { ...quiet, ...changes } as unknown as RecordedTask;
}

const STATUS = [
  "Name:\ttracing",
  "State:\tt (tracing stop)",
  "TracerPid:\t77",
  "NoNewPrivs:\t1",
  "Seccomp:\t2",
  "Seccomp_filters:\t1",
  "SigBlk:\tfffffffffffffff0",
  "SigIgn:\t0000000000000001",
  "Cpus_allowed:\t4,00000000",
  "Cpus_allowed_list:\t34",
  "",
].join("\n");

test("a task that its tracer has stopped runs, has no tracer, and may use all processors", () => {
  expect(visibleStatus(STATUS, task(), 0x1_8000_0105n).split("\n")).toEqual([
    "Name:\ttracing",
    "State:\tR (running)",
    "TracerPid:\t0",
    "NoNewPrivs:\t0",
    "Seccomp:\t0",
    "Seccomp_filters:\t0",
    "SigBlk:\tfffffffffffffff0",
    "SigIgn:\t0000000000000001",
    "Cpus_allowed:\t1,80000105",
    "Cpus_allowed_list:\t0,2,8,31-32",
    "",
  ]);
});

test("masks are what the program has asked for", () => {
  const changed = task({
    choseProcessors: true,
    savedMask: 2n,
    trap: { blocked: true, pending: undefined },
    seccomp: { ...UNFILTERED, mode: 2, noNewPrivs: true, outer: 1 },
    process: { actions: { handler: () => SIG_IGN } },
  });
  const lines = visibleStatus(STATUS, changed, 3n).split("\n");
  expect(lines.slice(3, 10)).toEqual([
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
    "Seccomp_filters:\t1",
    "SigBlk:\t0000000000000012",
    "SigIgn:\t0000000000000011",
    "Cpus_allowed:\t4,00000000",
    "Cpus_allowed_list:\t34",
  ]);
});

test("a process that is stopped stays stopped, whatever its name is", () => {
  const stopped = task({ state: "blocked" });
  expect(visibleStatus(STATUS, stopped, 1n)).toContain("State:\tT (stopped)\n");
  expect(visibleStat("7 (a) t (b) t 1 7", stopped)).toBe("7 (a) t (b) T 1 7");
  expect(visibleStat("7 (a) t (b) t 1 7", task())).toBe("7 (a) t (b) R 1 7");
  expect(visibleStat("7 (t) S 1 7", task())).toBe("7 (t) S 1 7");
});

test("flags that cpuid hides are no flags", () => {
  const text = "processor\t: 0\nflags\t\t: fpu rtm avx2 amx_tile user_shstk pku\nbugs\t\t: rtm\n";
  expect(visibleCpuinfo(text)).toBe("processor\t: 0\nflags\t\t: fpu avx2\nbugs\t\t: rtm\n");
});
