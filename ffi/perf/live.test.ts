import { test } from "bun:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  encodePerfAttr,
  livePerf,
  NativeBuffer,
  PERF_ATTR,
  PERF_COUNT_SW,
  PERF_FLAG,
  PERF_FORMAT,
  PERF_IOC,
  PERF_TYPE,
  type PerfAttr,
} from "../mod.ts";

const TIMES = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;
const CONTEXT_SWITCHES: PerfAttr = {
  type: PERF_TYPE.SOFTWARE,
  config: PERF_COUNT_SW.CONTEXT_SWITCHES,
  read_format: TIMES,
  flags: ["disabled"],
};

/** Opens a software event; disposing closes it. */
function openEvent(attr: PerfAttr): { readonly fd: number } & Disposable {
  using encoded = encodePerfAttr(attr);
  const fd = livePerf.open(encoded.u8, 0, -1, -1, PERF_FLAG.FD_CLOEXEC);
  assert(fd >= 0, `perf_event_open: ${fd}`);
  return { fd, [Symbol.dispose]: () => assertEquals(livePerf.close(fd), 0) };
}

test("livePerf.run() counts the context switches between enable and disable, and no others", () => {
  using event = openEvent(CONTEXT_SWITCHES);
  const before = new BigUint64Array(3);
  const after = new BigUint64Array(3);
  const enable = { do: "ioctl", fd: event.fd, request: PERF_IOC.ENABLE, argument: 0 } as const;
  const disable = { do: "ioctl", fd: event.fd, request: PERF_IOC.DISABLE, argument: 0 } as const;
  const results = livePerf.run([
    { do: "reschedule" },
    { do: "read", fd: event.fd, into: before },
    enable,
    { do: "reschedule" },
    { do: "reschedule" },
    disable,
    { do: "reschedule" },
    { do: "read", fd: event.fd, into: after },
  ]);
  assertEquals(results, [0, 24, 0, 0, 0, 0, 0, 24]);
  assertEquals(before[0], 0n);
  // Each sleep is one switch at least; the kernel may add others.
  assert(after[0]! >= 2n);
  assert(after[1]! > 0n);
});

test("livePerf.run() gives −errno of a step and goes on with the next", () => {
  const results = livePerf.run([
    { do: "read", fd: -1, into: new BigUint64Array(1) },
    { do: "ioctl", fd: -1, request: PERF_IOC.RESET, argument: 0 },
    { do: "branches", count: 500 },
    { do: "branches", count: 0 },
    { do: "locked-adds", count: 3 },
    { do: "reschedule" },
  ]);
  assertEquals(results, [-9, -9, 0, 0, 0, 0]);
});

test("livePerf.run() aborts a transaction where there is RTM, and says ENOSYS where there is none", () => {
  const [result = 1] = livePerf.run([{ do: "aborted-transaction", branches: 10 }]);
  assert([0, -38, -11].includes(result), `result ${result}`);
});

test("livePerf.run() refuses a number of branches that is none", () => {
  assertThrows(() => livePerf.run([{ do: "branches", count: -1 }]), RangeError, "current value is -1");
  assertThrows(() => livePerf.run([{ do: "locked-adds", count: 1e9 }]), RangeError, "0 to 65536");
});

test("livePerf.ioctl() takes the period itself, and refuses it of an event that only counts", () => {
  using counting = openEvent(CONTEXT_SWITCHES);
  assertEquals(livePerf.ioctl(counting.fd, PERF_IOC.PERIOD, 5), -22);
  using sampling = openEvent({ ...CONTEXT_SWITCHES, sample_period: 100 });
  assertEquals(livePerf.ioctl(sampling.fd, PERF_IOC.PERIOD, 5n), 0);
  assertEquals(livePerf.ioctl(sampling.fd, PERF_IOC.PERIOD, 0), -22);
});

test("livePerf.id() tells events apart", () => {
  using one = openEvent(CONTEXT_SWITCHES);
  using two = openEvent(CONTEXT_SWITCHES);
  assert(livePerf.id(one.fd) > 0);
  assert(livePerf.id(one.fd) !== livePerf.id(two.fd));
  assertEquals(livePerf.id(-1), -9);
});

test("livePerf.open() leaves the size that the kernel knows in an attr that is too long", () => {
  const attr = new Uint8Array(4096);
  const view = new DataView(attr.buffer);
  view.setUint32(PERF_ATTR.size[0], 4096, true);
  attr[4095] = 1;
  assertEquals(livePerf.open(attr, 0, -1, -1, 0), -7);
  const known = view.getUint32(PERF_ATTR.size[0], true);
  assert(known >= 64 && known < 4096, `size ${known}`);
});

test("livePerf.map() maps the metadata page with the capabilities of the event, and poll() sees its ring", () => {
  using event = openEvent({ ...CONTEXT_SWITCHES, sample_period: 1, wakeup_events: 1 });
  const mapping = livePerf.map(event.fd, 1);
  assert(typeof mapping !== "number");
  using ring = mapping;
  assertEquals(ring.bytes.length, 8192);
  assert(ring.address > 0);
  assertEquals(livePerf.poll(event.fd, 0), 0);
  livePerf.run([{ do: "ioctl", fd: event.fd, request: PERF_IOC.ENABLE, argument: 0 }, { do: "reschedule" }]);
  assertEquals(livePerf.poll(event.fd, 1000), 1);
  assertEquals(livePerf.map(-1, 0), -9);
});

test("livePerf.read() fills the caller's words, of an array and of native memory", () => {
  using event = openEvent({ ...CONTEXT_SWITCHES, config: PERF_COUNT_SW.TASK_CLOCK, flags: [] });
  using native = NativeBuffer.map(64);
  const array = new BigUint64Array(8).subarray(4);
  assertEquals(livePerf.read(event.fd, native.u64), 24);
  assertEquals(livePerf.read(event.fd, array), 24);
  assert(array[0]! > native.u64[0]!);
  assertEquals(livePerf.read(event.fd, new BigUint64Array(1)), -28);
});
