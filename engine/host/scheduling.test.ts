import { test } from "bun:test";
import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { PERF_COUNT_HW, PERF_FORMAT, PERF_IOC_FLAG_GROUP, PERF_TYPE } from "../../ffi/mod.ts";
import { Asking } from "./_ask.ts";
import { haswell } from "./_profiles.ts";

const TIMES = { read_format: PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING };

test("events that find a counter each count all, and their times are the same", () => {
  const host = new Asking(haswell());
  const fds = [1, 2, 3, 4].map(() => host.open(TIMES));
  host.branches(1000);
  for (const fd of fds) {
    const [count, enabled, running] = host.read(fd);
    assertEquals([count, enabled], [1000, running]);
    assertGreater(enabled, 0);
  }
});

test("more events than counters take turns with the ticks of the kernel", () => {
  const host = new Asking(haswell());
  const fds = [1, 2, 3, 4, 5, 6].map(() => host.open(TIMES));
  const branches = 100_000_000;
  host.branches(branches);
  let running = 0;
  for (const fd of fds) {
    const [count = 0, enabled = 0, ran = 0] = host.read(fd);
    assertLess(ran, enabled);
    assertAlmostEquals(ran / enabled, 4 / 6, 0.1);
    // What is scaled up is what was counted while it ran.
    assertAlmostEquals((count * enabled) / ran, branches, branches / 100);
    running += ran / enabled;
  }
  assertAlmostEquals(running, 4, 1e-6);
});

test("an event that waits for its turn counts nothing, and only its times tell", () => {
  const host = new Asking(haswell({ pmu: { counters: 1 } }));
  const [first, second] = [host.open(TIMES), host.open(TIMES)];
  host.branches(100);
  const [, enabled] = host.read(first);
  assertEquals(host.read(first), [100, enabled, enabled]);
  assertEquals(host.read(second), [0, enabled, 0]);
});

test("a group runs as a whole or not at all", () => {
  const host = new Asking(haswell());
  const alone = host.open(TIMES);
  const leader = host.open(TIMES);
  const members = [1, 2, 3].map(() => host.open(TIMES, { group: leader }));
  host.branches(50);
  assertEquals(host.count(alone), 50);
  for (const fd of [leader, ...members]) assertEquals(host.read(fd)[2], 0);
  host.branches(100_000_000);
  const running = new Set([leader, ...members].map((fd) => host.read(fd).join()));
  assertEquals(running.size, 1);
});

test("pinned events come first; one without a counter is in error, and reads as nothing", () => {
  const host = new Asking(haswell({ pmu: { counters: 1 } }));
  const ordinary = host.open();
  const pinned = host.open({ flags: ["pinned"] });
  const another = host.open({ flags: ["pinned"] });
  host.branches(100);
  assertEquals([host.read(pinned), host.read(another), host.count(ordinary)], [[100], [], 0]);
  host.ioctl(pinned, "DISABLE");
  host.ioctl(another, "ENABLE");
  host.branches(10);
  assertEquals(host.read(another), [10]);
});

test("an exclusive event has the PMU for itself", () => {
  const host = new Asking(haswell());
  const exclusive = host.open({ flags: ["exclusive"] });
  const other = host.open();
  host.branches(100);
  assertEquals([host.count(exclusive), host.count(other)], [100, 0]);
});

test("counters that others hold are not there", () => {
  const host = new Asking(haswell({ pmu: { taken: 3 } }));
  const fds = [host.open(), host.open()];
  host.branches(100);
  assertEquals(
    fds.map((fd) => host.count(fd)),
    [100, 0],
  );
});

test("a group that nobody could schedule is opened where counters are only taken, and never runs", () => {
  const host = new Asking(haswell({ pmu: { taken: 3 } }));
  const leader = host.open();
  const member = host.open({}, { group: leader });
  host.branches(50_000_000);
  assertEquals([host.count(leader), host.count(member)], [0, 0]);
});

test("instructions and cycles have fixed counters of their own", () => {
  const host = new Asking(haswell());
  const general = [1, 2, 3, 4].map(() => host.open());
  const fixed = [PERF_COUNT_HW.INSTRUCTIONS, PERF_COUNT_HW.CPU_CYCLES, PERF_COUNT_HW.REF_CPU_CYCLES].map(
    (config) => host.open({ type: PERF_TYPE.HARDWARE, config }),
  );
  host.advance({ branches: 100, instructions: 700 });
  assertEquals(
    general.map((fd) => host.count(fd)),
    [100, 100, 100, 100],
  );
  assertEquals(
    fixed.map((fd) => host.count(fd)),
    [700, 700, 700],
  );
});

test("a group is read and switched in one go; siblings of a leader that is off stand still", () => {
  const host = new Asking(haswell());
  const format = PERF_FORMAT.GROUP | PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;
  const leader = host.open({ flags: ["disabled"], read_format: format });
  const member = host.open({ read_format: format }, { group: leader });
  host.branches(10);
  assertEquals(host.read(leader), [2, 0, 0, 0, 0]);
  host.ioctl(leader, "ENABLE", PERF_IOC_FLAG_GROUP);
  host.branches(10);
  const [nr, enabled, running, ...counts] = host.read(member);
  assertEquals([nr, running, counts], [2, enabled, [10, 10]]);
  host.ioctl(leader, "RESET", PERF_IOC_FLAG_GROUP);
  host.ioctl(member, "DISABLE");
  host.branches(5);
  assertEquals(host.read(leader).slice(3), [5, 0]);
});

test("siblings of a leader that is closed go on alone", () => {
  const host = new Asking(haswell());
  const leader = host.open();
  const member = host.open({}, { group: leader });
  host.branches(10);
  host.perf.close(leader);
  host.branches(10);
  assertEquals(host.count(member), 20);
});

test("an event of a task counts while the task runs, one of a processor all that runs there", () => {
  const host = new Asking(haswell({ kernel: { perfEventParanoid: -1 } }));
  host.model.fork(100, 200);
  const [own, others] = [host.open(), host.open({}, { pid: 200 })];
  const onProcessor = (cpu: number) => host.open({}, { pid: -1, cpu });
  const [busy, idle] = [onProcessor(0), onProcessor(1)];
  const elsewhere = host.open(TIMES, { cpu: 1 });
  host.branches(10);
  host.model.switchOut(100);
  host.model.switchIn(200);
  host.model.advance(200, { branches: 7 });
  assertEquals(
    [own, others, busy, idle].map((fd) => host.count(fd)),
    [10, 7, 17, 0],
  );
  const [count, enabled, running] = host.read(elsewhere);
  assertEquals([count, running], [0, 0]);
  assertGreater(enabled, 0);
});
