import { test } from "bun:test";
import { assertEquals, assertGreater } from "@std/assert";
import { encodePerfAttr, PERF_COUNT_SW, PERF_FORMAT, PERF_TYPE } from "../../ffi/mod.ts";
import { Asking, TASK } from "./_ask.ts";
import { haswell, KVM } from "./_profiles.ts";

const CHILD = 200;

/** Opens a software event with kernel mode, as rr's desched event is. */
function software(host: Asking, config: number, sample_period = 0): number {
  using encoded = encodePerfAttr({ type: PERF_TYPE.SOFTWARE, config, sample_period });
  return host.perf.open(encoded.u8, 0, -1, -1, 0);
}

test("context switches are counted as the task leaves, which is in the kernel: not in user mode", () => {
  const host = new Asking(haswell());
  const all = software(host, PERF_COUNT_SW.CONTEXT_SWITCHES);
  const user = host.open({ type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.CONTEXT_SWITCHES });
  for (let round = 0; round < 3; round++) host.reschedule();
  assertEquals([host.count(all), host.count(user)], [3, 0]);
});

test("a task that leaves overflows its desched event at once", () => {
  const host = new Asking(haswell());
  const fd = software(host, PERF_COUNT_SW.CONTEXT_SWITCHES, 1);
  assertEquals(host.model.switchOut(TASK), [{ fd, task: TASK }]);
  assertEquals(host.model.switchOut(TASK), []);
});

test("clocks count the time of the task, and interrupt by it", () => {
  const host = new Asking(haswell({ pmu: { skid: 0 } }));
  const clock = software(host, PERF_COUNT_SW.TASK_CLOCK);
  const alarm = software(host, PERF_COUNT_SW.TASK_CLOCK, 100_000);
  host.branches(4_000);
  host.reschedule();
  assertEquals([host.count(clock), host.count(alarm)], [10_000, 10_000]);
  const next = host.model.nextInterrupt(TASK) ?? 0;
  assertEquals(next, 36_000);
  assertEquals(host.branches(next - 1), []);
  assertEquals(host.branches(1), [{ fd: alarm, task: TASK }]);
});

test("software events need no PMU, and need no counter in a group", () => {
  const guest = new Asking(haswell({ hypervisor: { ...KVM, vpmu: false, counters: 0, fixedCounters: 0 } }));
  const dummy = software(guest, PERF_COUNT_SW.DUMMY);
  const faults = software(guest, PERF_COUNT_SW.PAGE_FAULTS);
  guest.branches(1000);
  assertEquals([guest.count(dummy), guest.count(faults)], [0, 0]);
  const few = new Asking(haswell({ pmu: { counters: 1 } }));
  const leader = few.open({ type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.TASK_CLOCK });
  const member = few.open({}, { group: leader });
  few.branches(1000);
  assertEquals([few.count(leader), few.count(member)], [2500, 1000]);
});

test("inherited events of children count for the one that was opened, also when the child is gone", () => {
  const host = new Asking(haswell());
  const read_format = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;
  const fd = host.open({ flags: ["inherit"], read_format });
  const own = host.open();
  host.branches(100);
  host.model.fork(TASK, CHILD);
  host.model.switchOut(TASK);
  host.model.switchIn(CHILD);
  host.model.advance(CHILD, { branches: 40 });
  const [count, enabled, running] = host.read(fd);
  assertEquals([count, enabled, host.count(own)], [140, running, 100]);
  host.model.exit(CHILD);
  host.model.switchIn(TASK);
  host.branches(1);
  assertEquals([host.count(fd), host.count(own)], [141, 101]);
  assertGreater(host.read(fd)[1], enabled);
});

test("switching an inherited event switches those of its children", () => {
  const host = new Asking(haswell());
  const fd = host.open({ flags: ["inherit", "disabled"] });
  host.model.fork(TASK, CHILD);
  host.ioctl(fd, "ENABLE");
  host.model.switchOut(TASK);
  host.model.switchIn(CHILD);
  host.model.advance(CHILD, { branches: 40 });
  host.ioctl(fd, "DISABLE");
  host.model.advance(CHILD, { branches: 40 });
  assertEquals(host.count(fd), 40);
});

test("an event whose task has ended keeps its value, and hangs up", () => {
  const host = new Asking(haswell());
  host.model.fork(TASK, CHILD);
  const fd = host.open({ sample_period: 1000 }, { pid: CHILD });
  assertEquals(typeof host.perf.map(fd, 1), "object");
  host.model.switchOut(TASK);
  host.model.switchIn(CHILD);
  host.model.advance(CHILD, { branches: 70 });
  host.model.exit(CHILD);
  host.model.switchIn(TASK);
  assertEquals([host.count(fd), host.perf.poll(fd, 0)], [70, 16]);
  assertEquals(host.tryOpen({}, { pid: CHILD }), "ESRCH");
});

test("descriptors are of the host, and gone when they are closed", () => {
  const host = new Asking(haswell());
  const fd = host.open();
  assertEquals(host.perf.close(fd), 0);
  assertEquals(host.perf.close(fd), -9);
  assertEquals(host.ioctl(fd, "ENABLE"), "EBADF");
  const words = new BigUint64Array(0);
  assertEquals(host.perf.read(host.open(), words), -28);
  assertEquals(host.ioctl(host.open(), "SET_OUTPUT", 999), "EBADF");
});

test("records may go to the ring of another event", () => {
  const host = new Asking(haswell({ pmu: { skid: 0 } }));
  const [first, second] = [
    host.open({ sample_period: 1000 }),
    host.open({ sample_period: 1000, sample_type: 1 }),
  ];
  const ring = host.perf.map(first, 1);
  if (typeof ring === "number") throw new Error(`map: ${ring}`);
  assertEquals(host.ioctl(second, "SET_OUTPUT", second), "EINVAL");
  assertEquals(host.ioctl(second, "SET_OUTPUT", first), 0);
  host.branches(1000);
  // Two headers, and one address.
  assertEquals(ring.view.getBigUint64(1024, true), 24n);
  assertEquals(host.ioctl(first, "PAUSE_OUTPUT", 1), 0);
  host.branches(1000);
  assertEquals(ring.view.getBigUint64(1024, true), 24n);
});
