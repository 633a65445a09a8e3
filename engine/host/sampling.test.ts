import { test } from "bun:test";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual, assertMatch } from "@std/assert";
import { ERRNO, MMAP_PAGE, type PerfMapping } from "../../ffi/mod.ts";
import { Asking, TASK } from "./_ask.ts";
import { haswell, KVM } from "./_profiles.ts";
import type { HostProfile } from "./profile.ts";

const EXACT = { pmu: { skid: 0 } };
const RECORD = { LOST: 2, THROTTLE: 5, UNTHROTTLE: 6, SAMPLE: 9 };
const SAMPLE = { IP: 1, TID: 2, TIME: 4, READ: 0x10, ID: 0x40, PERIOD: 0x100 };
const XEN: HostProfile["hypervisor"] = {
  kind: "xen",
  version: "4.11",
  vpmu: true,
  counters: 4,
  fixedCounters: 3,
  pmiOvercounts: true,
};

interface Found {
  readonly type: number;
  readonly words: readonly bigint[];
}

/** Records in a ring that has not wrapped, from a place on. */
function records({ view }: PerfMapping, from = 0): Found[] {
  const found: Found[] = [];
  const head = Number(view.getBigUint64(MMAP_PAGE.data_head, true));
  for (let at = from; at < head; ) {
    const size = view.getUint16(4096 + at + 6, true);
    const words = Array.from({ length: size / 8 - 1 }, (_, index) =>
      view.getBigUint64(4096 + at + 8 + index * 8, true),
    );
    found.push({ type: view.getUint32(4096 + at, true), words });
    at += size;
  }
  return found;
}

function map(host: Asking, fd: number, pages: number): PerfMapping {
  const mapped = host.perf.map(fd, pages);
  assert(typeof mapped !== "number");
  return mapped;
}

test("an overflow comes at its branch, where there is no skid, and is foretold", () => {
  const host = new Asking(haswell(EXACT));
  const fd = host.open({ sample_period: 1000 });
  assertEquals(host.model.nextInterrupt(TASK), 1000);
  assertEquals(host.branches(400), []);
  assertEquals(host.model.nextInterrupt(TASK), 600);
  assertEquals(host.branches(600), [{ fd, task: TASK }]);
  assertEquals(host.branches(3000).length, 3);
  assertEquals(host.count(fd), 4000);
});

test("skid: the interrupt comes some branches late, as it was foretold, and all of them are counted", () => {
  const host = new Asking(haswell());
  host.open({ sample_period: 1000 });
  const skids = new Set<number>();
  let at = 0;
  for (let overflow = 1; overflow <= 20; overflow++) {
    const next = host.model.nextInterrupt(TASK);
    assert(next !== undefined);
    assertEquals(host.branches(next - 1), []);
    assertEquals(host.branches(1).length, 1);
    at += next;
    const skid = at - overflow * 1000;
    assertLessOrEqual(skid, 100);
    skids.add(skid);
  }
  assertGreater(skids.size, 5);
});

test("an interrupt on its way comes first when the kernel is entered", () => {
  const host = new Asking(haswell({ pmu: { skid: 100_000 } }));
  const fd = host.open({ sample_period: 1000 });
  assertEquals(host.branches(1000), []);
  assertEquals(host.count(fd), 1000);
  assertEquals(host.model.nextInterrupt(TASK), 0);
  assertEquals(host.branches(0), [{ fd, task: TASK }]);
});

test("no interrupt is in sight of counters that only count, or stand still", () => {
  const host = new Asking(haswell());
  const fd = host.open({ sample_period: 1000 });
  host.ioctl(fd, "DISABLE");
  assertEquals(host.model.nextInterrupt(TASK), undefined);
});

test("a new period begins at once; on kernels before 3.7 with the next overflow", () => {
  const host = new Asking(haswell(EXACT));
  const fd = host.open({ sample_period: 1_000_000 });
  host.branches(10);
  assertEquals(host.ioctl(fd, "PERIOD", 100), 0);
  assertEquals(host.branches(99), []);
  assertEquals(host.branches(1).length, 1);
  const old = new Asking(haswell({ ...EXACT, kernel: { periodTakesEffectLate: true } }));
  const late = old.open({ sample_period: 10_000 });
  old.ioctl(late, "PERIOD", 100);
  assertEquals(old.branches(9_999), []);
  assertEquals(old.branches(1).length, 1);
  assertEquals(old.branches(100).length, 1);
});

test("PERIOD is for events that sample, and never 0", () => {
  const host = new Asking(haswell());
  assertEquals(host.ioctl(host.open(), "PERIOD", 100), "EINVAL");
  const fd = host.open({ sample_period: 1000 });
  assertEquals(host.ioctl(fd, "PERIOD", 0), "EINVAL");
  assertEquals(host.ioctl(fd, "PERIOD", 1n << 63n), "EINVAL");
});

test("a period below the limit of an erratum is refused by open and PERIOD, from the kernel that knows of it on", () => {
  const old = new Asking(haswell({ ...EXACT, kernel: { release: "6.10.0" } }));
  assertEquals(old.ioctl(old.open({ sample_period: 1000 }), "PERIOD", 31), 0);
  const host = new Asking(haswell({ ...EXACT, kernel: { release: "6.11.0" } }));
  const fd = host.open({ sample_period: 1000 });
  assertEquals([host.ioctl(fd, "PERIOD", 31), host.ioctl(fd, "PERIOD", 32)], ["EINVAL", 0]);
  assertEquals(host.branches(32).length, 1);
  assertEquals(host.tryOpen({ sample_period: 31 }), "EINVAL");
  assertEquals(typeof host.tryOpen({ sample_period: 10, flags: ["freq"] }), "number");
  assertEquals(typeof host.tryOpen(), "number");
  // INST_RETIRED.ALL has a longer one.
  assertEquals(host.tryOpen({ config: 0x01c0n, sample_period: 127 }), "EINVAL");
});

test("6.14 to 6.14.4 refuse what only counts, where a processor has such a limit", () => {
  const outcome = (release: string) => new Asking(haswell({ kernel: { release } })).tryOpen();
  assertEquals([outcome("6.14.2"), typeof outcome("6.14.5")], ["EINVAL", "number"]);
});

test("REFRESH lets so many overflows come, then the event is off", () => {
  const host = new Asking(haswell(EXACT));
  const fd = host.open({ sample_period: 100, flags: ["disabled"] });
  assertEquals(host.ioctl(fd, "REFRESH", 2), 0);
  assertEquals(host.branches(1000).length, 2);
  assertEquals(host.count(fd), 200);
  assertEquals(host.ioctl(host.open(), "REFRESH", 1), "EINVAL");
});

test("samples have the fields that were asked for, in the kernel's order", () => {
  const host = new Asking(haswell(EXACT));
  const sample_type = SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.ID | SAMPLE.PERIOD | SAMPLE.READ;
  const fd = host.open({ sample_period: 500, sample_type });
  using ring = map(host, fd, 1);
  host.branches(1000);
  const id = BigInt(host.perf.id(fd));
  const [first, second] = records(ring);
  assert(first && second);
  assertEquals(first.type, RECORD.SAMPLE);
  assertEquals(first.words[1]!, (BigInt(TASK) << 32n) | BigInt(TASK));
  assertEquals([first.words[3]!, first.words[4]!, first.words[5]!], [id, 500n, 500n]);
  assertEquals(second.words[5]!, 1000n);
  assertLess(first.words[2]!, second.words[2]!);
});

test("a ring that is full loses records, and tells how many once there is room", () => {
  const host = new Asking(haswell({ ...EXACT, kernel: { release: "6.0.0" } }));
  const fd = host.open({ sample_period: 100_000, sample_type: SAMPLE.IP, read_format: 16 });
  using ring = map(host, fd, 1);
  // 16 bytes a sample: 255 fit behind each other, since a full ring would look empty.
  host.branches(300 * 100_000);
  assertEquals(records(ring).length, 255);
  assertEquals(host.read(fd)[1], 45);
  const head = ring.view.getBigUint64(MMAP_PAGE.data_head, true);
  ring.view.setBigUint64(MMAP_PAGE.data_tail, head, true);
  host.branches(100_000);
  // The record of the loss fits the end of the ring but for its last word, which stands at the beginning.
  const word = (index: number) => ring.view.getBigUint64(4096 + ((Number(head) + index * 8) % 4096), true);
  assertEquals(word(0) & 0xffff_ffffn, BigInt(RECORD.LOST));
  assertEquals([word(1), word(2)], [BigInt(host.perf.id(fd)), 45n]);
  assertEquals(word(3) & 0xffff_ffffn, BigInt(RECORD.SAMPLE));
});

test("each event counts its own losses, those of a pause too; kernels before 6.0 do not", () => {
  const host = new Asking(haswell({ ...EXACT, kernel: { release: "6.0.0" } }));
  const sampling = { sample_type: SAMPLE.IP, read_format: 16 };
  const first = host.open({ ...sampling, sample_period: 1000 });
  using _ring = map(host, first, 1);
  const second = host.open({ ...sampling, sample_period: 2000 });
  assertEquals(host.ioctl(second, "SET_OUTPUT", first), 0);
  assertEquals(host.ioctl(first, "PAUSE_OUTPUT", 1), 0);
  host.branches(10_000);
  assertEquals([host.read(first)[1], host.read(second)[1]], [10, 5]);
  assertEquals(new Asking(haswell()).tryOpen({ read_format: 16 }), "EINVAL");
});

test("poll tells of samples once wakeup_events are there, and once only", () => {
  const host = new Asking(haswell(EXACT));
  const fd = host.open({ sample_period: 100, sample_type: SAMPLE.IP, wakeup_events: 2 });
  assertEquals(host.perf.poll(fd, 0), 16);
  using _ring = map(host, fd, 1);
  host.branches(100);
  assertEquals(host.perf.poll(fd, 0), 0);
  host.branches(100);
  assertEquals(host.perf.poll(fd, 0), 1);
  assertEquals(host.perf.poll(fd, 0), 0);
});

test("the page says where the ring is, and sends readers to read(2)", () => {
  const host = new Asking(haswell());
  const fd = host.open();
  using page = map(host, fd, 2);
  host.branches(1000);
  const count = host.count(fd);
  const { view } = page;
  assertEquals(view.getUint32(MMAP_PAGE.lock, true) % 2, 0);
  assertEquals(
    [view.getUint32(MMAP_PAGE.index, true), Number(view.getBigInt64(MMAP_PAGE.offset, true))],
    [0, count],
  );
  assertEquals(Number(view.getBigUint64(MMAP_PAGE.time_enabled, true)), 2500);
  assertEquals(Number(view.getBigUint64(MMAP_PAGE.data_size, true)), 8192);
  assertEquals(view.getUint16(MMAP_PAGE.pmc_width, true), 48);
  assertEquals(host.perf.map(fd, 1), -ERRNO.EINVAL);
  assertEquals(host.perf.map(fd, 3), -ERRNO.EINVAL);
  assertEquals(host.perf.map(host.open(), 1 << 20), -ERRNO.EPERM);
});

test("events that interrupt too often are throttled until the next tick", () => {
  const host = new Asking(haswell({ ...EXACT, kernel: { perfEventMaxSampleRate: 10_000 } }));
  const fd = host.open({ sample_period: 100, sample_type: SAMPLE.IP });
  using ring = map(host, fd, 8);
  const branches = 10_000_000;
  host.branches(branches);
  const types = records(ring).map(({ type }) => type);
  assertEquals(types.indexOf(RECORD.THROTTLE), 40);
  assertEquals(types[types.indexOf(RECORD.THROTTLE) + 2], RECORD.UNTHROTTLE);
  // While it is throttled it counts nothing.
  assertLess(host.count(fd), branches / 2);
});

test("slow handlers of a guest make its kernel lower the sampling rate, and say so", () => {
  const guest = new Asking(haswell({ hypervisor: KVM }));
  const rate = () => Number(guest.model.readFile("/proc/sys/kernel/perf_event_max_sample_rate"));
  assertEquals(rate(), 100_000);
  guest.open({ sample_period: 10_000 });
  guest.branches(20_000_000);
  assertLess(rate(), 100_000);
  const log = guest.model.kernelLog.join("\n");
  assertMatch(
    log,
    /^\[ +\d+\.\d{6}\] perf interrupt took too long \(\d+ > 2500\), lowering kernel.perf_event_max_sample_rate to \d+$/m,
  );
  assertMatch(log, /INFO: NMI handler \(perf_event_nmi_handler\) took too long to run: 5\.\d{3} msecs/);
});

test("perf_cpu_time_max_percent=0 keeps the rate, as does hardware", () => {
  const unlimited = new Asking(haswell({ hypervisor: KVM, kernel: { perfCpuTimeMaxPercent: 0 } }));
  const hardware = new Asking(haswell());
  for (const host of [unlimited, hardware]) {
    host.open({ sample_period: 10_000 });
    host.branches(20_000_000);
    assertEquals(host.model.readFile("/proc/sys/kernel/perf_event_max_sample_rate"), "100000\n");
  }
});

test("a frequency finds its period", () => {
  const host = new Asking(haswell(EXACT));
  host.open({ sample_period: 1000, flags: ["freq"] });
  // One second of 2 × 10^9 instructions at five for each branch, after some time to find it.
  host.branches(200_000_000);
  const overflows = host.branches(400_000_000).length;
  assert(overflows > 900 && overflows < 1100, `${overflows} overflows`);
});

test("Xen's handler adds its branches to what counts while it runs", () => {
  const host = new Asking(haswell({ hypervisor: XEN }));
  const [sampling, counting] = [host.open({ sample_period: 10_000 }), host.open()];
  const branches = 100_000;
  host.branches(branches);
  const added = [host.count(sampling) - branches, host.count(counting) - branches];
  for (const more of added) assert(more >= 9 * 20 && more <= 11 * 60, `${more} branches too many`);
  const right = new Asking(haswell({ hypervisor: { ...XEN, pmiOvercounts: false } }));
  const exact = right.open({ sample_period: 10_000 });
  right.branches(branches);
  assertEquals(right.count(exact), branches);
});

test("SpecLockMap: locked instructions are committed speculatively, and an interrupt counts a branch twice", () => {
  const zen = (specLockMap: boolean) => {
    const cpu = { vendor: "AuthenticAMD", family: 0x19, model: 0x21, specLockMap } as const;
    const host = new Asking(haswell({ cpu, pmu: { fixedCounters: 0, skid: 0 } }));
    const commits = host.open({ config: 0x510825n, sample_period: 0 });
    const ticks = host.open({ config: 0x5100d1n, sample_period: 1000 });
    host.run({ do: "locked-adds", count: 3 });
    host.branches(1500);
    return [host.count(commits), host.count(ticks)];
  };
  assertEquals(zen(true), [3, 1501]);
  assertEquals(zen(false), [0, 1500]);
});

test("bytes that a program has written to its tail do no harm", () => {
  const host = new Asking(haswell(EXACT));
  const fd = host.open({ sample_period: 50, sample_type: SAMPLE.TIME });
  using ring = map(host, fd, 1);
  for (const tail of [0xffff_ffff_ffff_ffffn, 1n << 63n, 3n]) {
    ring.view.setBigUint64(MMAP_PAGE.data_tail, tail, true);
    ring.view.setBigUint64(MMAP_PAGE.data_head, tail, true);
    host.branches(100_000);
  }
  assertEquals(ring.bytes.length, 8192);
  assertGreater(host.count(fd), 0);
});
