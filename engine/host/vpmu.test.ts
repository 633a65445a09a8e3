import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { IN_TXCP, PERF_COUNT_HW, PERF_TYPE } from "../../ffi/mod.ts";
import { Asking, TICKS } from "./_ask.ts";
import { haswell, KVM } from "./_profiles.ts";

const CHECKPOINTED = { config: TICKS | IN_TXCP };

test("KVM lets a checkpointed counter of a guest stand still when it is switched on with a count in it", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const fd = guest.open(CHECKPOINTED);
  guest.branches(100);
  guest.ioctl(fd, "DISABLE");
  guest.ioctl(fd, "ENABLE");
  guest.branches(1000);
  assertEquals(guest.count(fd), 100);
  assertEquals(guest.model.hypervisorLog, ["kvm_pmu: event creation failed -95"]);
});

test("KVM hands a counter to its host as long as nothing has been counted", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const fd = guest.open(CHECKPOINTED);
  for (let round = 0; round < 3; round++) {
    guest.ioctl(fd, "DISABLE");
    guest.ioctl(fd, "ENABLE");
    guest.reschedule();
  }
  guest.branches(70);
  assertEquals(guest.count(fd), 70);
  assertEquals(guest.model.hypervisorLog, []);
});

test("the host's log has a refusal before Linux 5.3 only; the trace has each one all the same", () => {
  const told = (hostKernel: string) => {
    const guest = new Asking(haswell({ hypervisor: { ...KVM, hostKernel } }));
    const fd = guest.open(CHECKPOINTED);
    guest.branches(100);
    guest.ioctl(fd, "DISABLE");
    guest.ioctl(fd, "ENABLE");
    assertEquals(guest.model.refusals.length, 1, hostKernel);
    return guest.model.hypervisorLog.length;
  };
  for (const kernel of ["4.7.0", "4.19.60", "4.20.0", "5.2.2-generic", "5.0"])
    assertEquals(told(kernel), 1, kernel);
  for (const kernel of ["4.14.135", "4.19.61", "5.2.3", "5.3.0", "5.3-rc1"])
    assertEquals(told(kernel), 0, kernel);
});

test("of two KVMs, one in the other, the upper one's fix is what counts", () => {
  const fixed = { hostKernel: "6.1.0", inTxCpFix: true };
  const broken = { hostKernel: "4.7.0", inTxCpFix: false };
  const counters = { counters: 4, fixedCounters: 3 };
  const counted = (upper: typeof fixed, lower: typeof fixed) => {
    const guest = new Asking(haswell({ hypervisor: { ...KVM, ...upper, below: { ...lower, ...counters } } }));
    const fd = guest.open(CHECKPOINTED);
    const interrupting = guest.open({ sample_period: 150 });
    guest.branches(100);
    guest.ioctl(fd, "DISABLE");
    guest.ioctl(fd, "ENABLE");
    guest.branches(1000);
    return [guest.count(fd), guest.count(interrupting), guest.model.hypervisorLog.length];
  };
  assertEquals(counted(fixed, fixed), [1100, 1100, 0]);
  assertEquals(counted(fixed, broken), [1100, 1100, 1]);
  assertEquals(counted(broken, fixed), [100, 1100, 1]);
});

test("an event that a filter has not opens and stands still, and no log says so", () => {
  const guest = new Asking(haswell({ hypervisor: { ...KVM, architecturalOnly: true } }));
  const [ticks, branches] = [guest.open(), guest.open({ config: 0x00c4n })];
  const generic = guest.open({ type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.BRANCH_INSTRUCTIONS });
  guest.branches(500);
  assertEquals([guest.count(ticks), guest.count(branches), guest.count(generic)], [0, 500, 500]);
  assertEquals(guest.model.hypervisorLog, []);
});

test("a guest of a guest has no more counters than the one that it runs on", () => {
  const hypervisor = {
    ...KVM,
    below: { hostKernel: "6.1.0", inTxCpFix: true, counters: 1, fixedCounters: 0 },
  };
  const guest = new Asking(haswell({ hypervisor }));
  const fds = [guest.open(), guest.open()];
  guest.branches(500);
  assertEquals(fds.map((fd) => guest.count(fd)).sort(), [0, 500]);
});

test("a read or a reset of a guest's counter does not make its event anew", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const fd = guest.open(CHECKPOINTED);
  guest.branches(40);
  assertEquals(guest.count(fd), 40);
  guest.ioctl(fd, "RESET");
  guest.branches(60);
  assertEquals(guest.count(fd), 60);
});

test("another event that comes makes the guest's kernel write all counters, and the checkpointed one is lost", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const measure = guest.open(CHECKPOINTED);
  guest.branches(40);
  guest.open({ type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.CPU_CYCLES });
  guest.branches(60);
  assertEquals(guest.count(measure), 40);
});

test("events that are no checkpoints count on, whatever the guest writes", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const fd = guest.open({ sample_period: 1_000_000 });
  for (let round = 0; round < 5; round++) {
    guest.branches(100);
    guest.reschedule();
    guest.ioctl(fd, "DISABLE");
    guest.ioctl(fd, "ENABLE");
  }
  assertEquals(guest.count(fd), 500);
  assertEquals(guest.model.hypervisorLog, []);
});

test.each([
  ["the fix passes period 0", { ...KVM, inTxCpFix: true }],
  [
    "guests of a host since 5.8 write 48 bits, and what is left stays above the least period",
    { ...KVM, hostKernel: "5.8.0" },
  ],
])("a checkpointed counter counts on where %s", (_why, hypervisor) => {
  const guest = new Asking(haswell({ hypervisor }));
  const fd = guest.open(CHECKPOINTED);
  guest.branches(100);
  guest.reschedule();
  guest.branches(1000);
  assertEquals(guest.count(fd), 1100);
  assertEquals(guest.model.hypervisorLog, []);
});

test("a guest's counters that find none on the host count nothing, and no time tells", () => {
  const guest = new Asking(haswell({ hypervisor: KVM, pmu: { taken: 3 } }));
  const counters = [1, 2, 3].map(() => guest.open({ read_format: 3 }));
  guest.branches(300);
  assertEquals(
    counters.map((fd) => guest.count(fd)),
    [300, 0, 0],
  );
  assertEquals(
    counters.map((fd) => guest.read(fd)[1] === guest.read(fd)[2]),
    [true, true, true],
  );
});

test("a counter that the host has given away gets one when the guest writes it again", () => {
  const guest = new Asking(haswell({ hypervisor: KVM, pmu: { taken: 3 } }));
  const [first, second] = [guest.open(), guest.open()];
  guest.branches(100);
  guest.ioctl(first, "DISABLE");
  guest.ioctl(second, "DISABLE");
  guest.ioctl(second, "ENABLE");
  guest.branches(50);
  assertEquals([guest.count(first), guest.count(second)], [100, 50]);
});

test("a period of a guest's counter interrupts it through the host's counter", () => {
  const guest = new Asking(haswell({ hypervisor: KVM, pmu: { skid: 0 } }));
  const fd = guest.open({ sample_period: 1000 });
  assertEquals(guest.branches(999), []);
  assertEquals(guest.branches(1), [{ fd, task: 100 }]);
  assertEquals(guest.branches(1000), [{ fd, task: 100 }]);
});
