import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  ERRNO,
  IN_TXCP,
  isErrno,
  meansNotSupported,
  PERF_TYPE,
  type PerfAttr,
  refusalRemedy,
} from "../mod.ts";
import { describedFacts, FakePerf } from "./_fixtures.ts";
import { Counter } from "./counter.ts";

const CYCLES: PerfAttr = { type: PERF_TYPE.HARDWARE, config: 0 };
const USER_CYCLES: PerfAttr = { ...CYCLES, flags: ["exclude_kernel"] };

/** The remedy of an error on a host with these files. */
function remedy(
  code: keyof typeof ERRNO,
  { attr = CYCLES, pid = 0, cpu = -1, inGroup = false, files = {} as Record<string, string> } = {},
): string {
  const host = describedFacts("GenuineIntel", [6, 0x3c, 3], files);
  return refusalRemedy(ERRNO[code], { attr, pid, cpu, inGroup }, host) ?? "";
}

function paranoid(level: number, asked: Parameters<typeof remedy>[1] = {}): string {
  return remedy("EACCES", { ...asked, files: { "/proc/sys/kernel/perf_event_paranoid": `${level}\n` } });
}

test("refusalRemedy() tells the level of perf_event_paranoid and the one that is needed", () => {
  assertStringIncludes(
    paranoid(4, { attr: USER_CYCLES }),
    "perf_event_paranoid is 4: lower it (sysctl kernel.perf_event_paranoid=2)",
  );
  assertStringIncludes(
    paranoid(2),
    "perf_event_paranoid is 2: count user mode only (EVENT:u), lower it (sysctl kernel.perf_event_paranoid=1)",
  );
  for (const attr of [
    { type: PERF_TYPE.SOFTWARE, config: 3 },
    { ...CYCLES, flags: ["exclude_user"] as const },
  ]) {
    assertStringIncludes(paranoid(2, { attr }), "perf_event_paranoid is 2: lower it");
  }
  assertStringIncludes(paranoid(1, { pid: -1, cpu: 0 }), "perf_event_paranoid=0");
  assertStringIncludes(
    paranoid(0, { attr: { type: PERF_TYPE.TRACEPOINT, config: 1 } }),
    "perf_event_paranoid=-1",
  );
  assertStringIncludes(
    paranoid(2, { attr: USER_CYCLES }),
    "perf_event_paranoid is 2, which allows it: so a seccomp profile",
  );
  assertStringIncludes(paranoid(-1, { pid: 1 }), "needs CAP_SYS_PTRACE too (pid 1)");
  assertStringIncludes(remedy("EPERM"), "can't be read");
});

test("refusalRemedy() tells a missing PMU from a missing event", () => {
  assertStringIncludes(remedy("ENOENT"), "no PMU");
  const files = { "/sys/bus/event_source/devices/cpu/type": "4" };
  assertStringIncludes(remedy("ENOENT", { files }), "has no such event");
  assertStringIncludes(remedy("ENOENT", { attr: { type: 77, config: 0 }, files }), "devices has cpu");
});

test("refusalRemedy() knows what IN_TXCP can't do", () => {
  const attr: PerfAttr = { type: PERF_TYPE.RAW, config: IN_TXCP | 0x1c4n };
  assertStringIncludes(remedy("EINVAL", { attr }), "TSX");
  assertStringIncludes(remedy("EOPNOTSUPP", { attr: { ...attr, sample_period: 100 } }), "must not sample");
  assertStringIncludes(remedy("EOPNOTSUPP", { attr: { ...CYCLES, sample_period: 100 } }), "can't interrupt");
  assertStringIncludes(remedy("EOPNOTSUPP", { attr: { ...CYCLES, precise_ip: 2 } }), "that precisely");
});

test("refusalRemedy() names the sample rate that is in force", () => {
  const attr: PerfAttr = { ...CYCLES, sample_period: 1e6, flags: ["freq"] };
  const files = { "/proc/sys/kernel/perf_event_max_sample_rate": "3250\n" };
  assertStringIncludes(remedy("EINVAL", { attr, files }), "perf_event_max_sample_rate, which is 3250");
});

test("refusalRemedy() says what to do about descriptors, tasks, processors and groups", () => {
  assertStringIncludes(remedy("EMFILE"), "ulimit -n");
  const files = {
    "/proc/self/limits": "Limit  Soft  Hard\nMax open files            1024      4096   files\n",
  };
  assertStringIncludes(remedy("EMFILE", { files }), "as it may, 1024: close some");
  assertStringIncludes(remedy("ENFILE"), "fs.file-max");
  assertStringIncludes(remedy("ESRCH", { pid: 99 }), "no task has the id 99");
  assertStringIncludes(remedy("ENODEV", { cpu: 64 }), "processor 64");
  assertStringIncludes(remedy("EINVAL", { inGroup: true }), "more events than counters");
  assertStringIncludes(remedy("EINVAL", { pid: -1 }), "needs a processor");
  const pinned: PerfAttr = { ...CYCLES, flags: ["pinned"] };
  assertStringIncludes(remedy("EINVAL", { attr: pinned, inGroup: true }), "only the leader");
  assertStringIncludes(remedy("ENOSPC", { attr: { type: PERF_TYPE.BREAKPOINT, config: 0 } }), "breakpoints");
  assertStringIncludes(remedy("EOVERFLOW"), "perf_event_max_stack");
  const reading: PerfAttr = { ...CYCLES, flags: ["inherit"], sample_type: 0x10 };
  assertStringIncludes(remedy("EINVAL", { attr: reading }), "leave 'inherit' away");
  for (const code of ["EBUSY", "E2BIG", "ENOSYS", "EINVAL", "EOPNOTSUPP", "ENODEV"] as const)
    assert(remedy(code) !== "");
  assertEquals(remedy("EFAULT"), "");
});

test("Counter.tryOpen() tells not supported from not allowed", () => {
  const host = describedFacts("GenuineIntel", [6, 0x3c, 3], { "/proc/sys/kernel/perf_event_paranoid": "4" });
  const system = new FakePerf();
  system.openResults = [-ERRNO.EOPNOTSUPP, -ERRNO.EACCES];
  const refused = Counter.tryOpen("cycles:u", { system, host });
  assert(!(refused instanceof Counter));
  assertEquals(refused.state, "not-supported");
  try {
    Counter.tryOpen("cycles:u", { system, host });
    assert(false, "EACCES must be thrown");
  } catch (error) {
    assert(isErrno(error, "EACCES"));
    assertStringIncludes(
      error.message,
      "perf_event_open(cycles:u) failed: EACCES (Permission denied); perf_event_paranoid is 4",
    );
  }
  assert(!meansNotSupported(ERRNO.EMFILE));
});
