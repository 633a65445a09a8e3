import { heapStats } from "bun:jsc";
import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Counter,
  CounterGroup,
  isErrno,
  livePerf,
  NativeBuffer,
  nativeWords,
  PERF_ATTR,
  PERF_ATTR_BIT,
  PERF_TYPE,
  type PerfEvent,
  rawSyscall,
  resourceUsage,
  SYSCALLS,
  SyscallError,
  unwrap,
} from "../mod.ts";
import { describedFacts, FakePerf } from "./_fixtures.ts";

const PAGE = 4096;

/** Faults and context switches of this thread as getrusage tells them. */
function usage(): { faults: bigint; switches: bigint } {
  const { minorFaults, majorFaults, voluntarySwitches, involuntarySwitches } = resourceUsage("thread");
  return {
    faults: BigInt(minorFaults + majorFaults),
    switches: BigInt(voluntarySwitches + involuntarySwitches),
  };
}

/** Context switches of this thread as /proc tells them. */
function switchesInProc(): bigint {
  const status = readFileSync("/proc/thread-self/status", "utf8");
  return [...status.matchAll(/voluntary_ctxt_switches:\s+(\d+)/g)].reduce(
    (sum, [, n]) => sum + BigInt(n ?? 0),
    0n,
  );
}

/** A clock in nanoseconds: of linux/time.h MONOTONIC 1, THREAD_CPUTIME_ID 3. */
function clock(id: 1 | 3): bigint {
  using time = NativeBuffer.map(16);
  unwrap("clock_gettime", rawSyscall(SYSCALLS.clock_gettime, id, time.address));
  return time.u64[0]! * 1_000_000_000n + time.u64[1]!;
}

/**
 * Counts over some work, between two readings of the kernel's own account inside and two outside of the time that the
 * counter is enabled: the value must lie between the two differences.
 */
function assertAgrees(event: string, account: () => bigint, least: bigint, work: () => void): void {
  using counter = Counter.open(event);
  const outside = account();
  counter.enable();
  const inside = account();
  work();
  const inner = account() - inside;
  counter.disable();
  const outer = account() - outside;
  const value = counted(counter);
  assert(inner >= least && inner <= value && value <= outer, `${event}: ${inner} ≤ ${value} ≤ ${outer}`);
}

/** The value of a counter over some work, checked to have been counted all the time. */
function counted(counter: Counter): bigint {
  const reading = counter.reading();
  assert(reading.state === "counted", JSON.stringify(reading.state));
  assertEquals([reading.share, reading.estimate], [1, reading.value]);
  return reading.value;
}

const reschedule20 = () => {
  for (let sleep = 0; sleep < 20; sleep++) livePerf.run([{ do: "reschedule" }]);
};

test("Counter counts page faults as getrusage does", () => {
  using memory = NativeBuffer.map(256 * PAGE);
  assertAgrees(
    "page-faults",
    () => usage().faults,
    1n,
    () => {
      for (let page = 0; page < 256; page++) memory.u8[page * PAGE] = 1;
    },
  );
});

test("Counter counts context switches as getrusage does", () => {
  assertAgrees("context-switches", () => usage().switches, 20n, reschedule20);
});

test("Counter counts context switches as /proc/thread-self/status does", () => {
  assertAgrees("cs", switchesInProc, 20n, reschedule20);
});

test("Counter counts the nanoseconds of the thread's own clock, and no more than have passed", () => {
  using counter = Counter.open("task-clock");
  const start = clock(1);
  counter.enable();
  const begin = clock(3);
  for (let call = 0; call < 20_000; call++) rawSyscall(SYSCALLS.getpid);
  const own = clock(3) - begin;
  counter.disable();
  const passed = clock(1) - start;
  const value = counted(counter);
  // The three clocks are set by different means: a hundredth is more than they can be apart.
  assert(
    own > 0n && value * 101n >= own * 100n && value * 100n <= passed * 101n,
    `${own} ≤ ${value} ≤ ${passed}`,
  );
});

test("Counter.reset() sets the value to 0, and disable() keeps it", () => {
  using counter = Counter.open("context-switches");
  counter.enable();
  livePerf.run([{ do: "reschedule" }]);
  counter.disable();
  const value = counted(counter);
  livePerf.run([{ do: "reschedule" }]);
  assertEquals(counted(counter), value);
  counter.reset();
  assertEquals(counted(counter), 0n);
});

test("Counter watches another thread by its id, and one processor", () => {
  const tid = rawSyscall(SYSCALLS.gettid);
  using thread = Counter.open("task-clock", { pid: tid });
  using processor = Counter.open("cpu-clock", { pid: -1, cpu: 0 });
  thread.enable();
  processor.enable();
  livePerf.run([{ do: "reschedule" }]);
  assert(counted(thread) > 0n);
  assert(counted(processor) > 0n);
});

test("Counter.read() fills native memory and arrays, with and without userRead", () => {
  for (const userRead of [false, true]) {
    using counter = Counter.open("task-clock", { userRead });
    using words = nativeWords();
    counter.enable();
    assertEquals(counter.read(words.u64), 24);
    const first = words.u64[0]!;
    const array = new BigUint64Array(5);
    assertEquals(counter.read(array), 24);
    assert(array[0]! >= first && array[1] === array[2] && array[3] === 0n);
    assert(counter.readValue(array) > 0);
    assertThrows(() => counter.read(new BigUint64Array(2)), RangeError, "current value is 2");
  }
});

test("Counter.read() keeps writing to the caller's own words, 100,000 times", () => {
  // An address that is kept goes stale when the JIT moves a small array's elements; see `buffer.ts`.
  using counter = Counter.open("task-clock", { userRead: true });
  using native = nativeWords();
  const small = new BigUint64Array(3);
  const literal = BigUint64Array.of(0n, 0n, 0n);
  counter.enable();
  let last = 0n;
  let stale = 0;
  for (let round = 0; round < 100_000; round++) {
    for (const words of [native.u64, small, literal]) {
      words.fill(0n);
      if (counter.read(words) !== 24 || words[0]! < last || words[2] === 0n) stale++;
      last = words[0]!;
    }
  }
  assertEquals(stale, 0);
});

test("Counter.read() and CounterGroup.read() make no BigInt", () => {
  using counter = Counter.open("task-clock", { userRead: true });
  using group = CounterGroup.open(["task-clock", "cs"]);
  using words = nativeWords(group.words);
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      counter.read(words.u64);
      counter.readValue(words.u64);
      group.read(words.u64);
    }
  };
  // Compiled code and inline caches are made at the first rounds.
  rounds(20_000);
  Bun.gc(true);
  const bigInts = () => heapStats().objectTypeCounts.BigInt ?? 0;
  const before = bigInts();
  rounds(100_000);
  assertEquals(bigInts(), before);
});

test("Counter.reading() tells not counted, 0 and scaled apart", () => {
  const system = new FakePerf();
  using counter = Counter.open("context-switches", { system });
  system.words = [0n, 1000n, 1000n];
  assertEquals(counter.reading(), {
    state: "counted",
    value: 0n,
    estimate: 0n,
    share: 1,
    enabled: 1000n,
    running: 1000n,
  });
  system.words = [300n, 1000n, 250n];
  assertEquals(counter.reading(), {
    state: "counted",
    value: 300n,
    estimate: 1200n,
    share: 0.25,
    enabled: 1000n,
    running: 250n,
  });
  system.words = [0n, 1000n, 0n];
  const never = counter.reading();
  assert(never.state === "not-counted");
  assert(never.reason.includes("never on a counter"));
  system.words = [0n, 0n, 0n];
  const disabled = counter.reading();
  assert(disabled.state === "not-counted");
  assert(disabled.reason.includes("never enabled"));
  system.readResult = 0;
  const pinned = counter.reading();
  assert(pinned.state === "not-counted");
  assert(pinned.reason.includes("pinned"));
  system.readResult = -9;
  assertThrows(() => counter.reading(), SyscallError, "EBADF");
});

test("Counter.open() asks for what the event and the options say", () => {
  const system = new FakePerf();
  const host = describedFacts("GenuineIntel", [6, 0x3c, 3]);
  using counter = Counter.open("retired-conditional-branches:uH:in_txcp:D", {
    system,
    host,
    pid: 42,
    inherit: true,
    enableOnExec: true,
  });
  assertEquals(counter.event.name, "retired-conditional-branches:uH:in_txcp:D");
  const [attr] = system.attrs;
  assert(attr);
  const view = new DataView(attr.buffer);
  assertEquals(view.getUint32(PERF_ATTR.type[0], true), PERF_TYPE.RAW);
  assertEquals(view.getBigUint64(PERF_ATTR.config[0], true), 0x2_0000_01c4n);
  assertEquals(view.getBigUint64(PERF_ATTR.sample_period[0], true), 0n);
  const flags = view.getBigUint64(PERF_ATTR.flags[0], true);
  const wanted = [
    "disabled",
    "inherit",
    "pinned",
    "exclude_kernel",
    "exclude_hv",
    "exclude_guest",
    "enable_on_exec",
  ] as const;
  assertEquals(
    flags,
    wanted.reduce((bits, flag) => bits | (1n << BigInt(PERF_ATTR_BIT[flag])), 0n),
  );
  assertEquals(system.calls[0], { call: "open", args: [42, -1, -1, 8] });
});

test("Counter.open() closes what it has opened when the page can't be mapped", () => {
  const system = new FakePerf();
  assertThrows(() => Counter.open("cs", { system, userRead: true }), SyscallError, "EINVAL");
  assertEquals(system.calls.at(-1), { call: "close", args: [100] });
  assertThrows(
    () => Counter.open("cs", { system, userRead: true, pid: 7 }),
    RangeError,
    "current value is 7",
  );
});

test("Counter can be disposed twice, and answers EBADF then", () => {
  for (const userRead of [false, true]) {
    const counter = Counter.open("task-clock", { userRead });
    const { fd } = counter;
    counter[Symbol.dispose]();
    using other = Counter.open("cs");
    assertEquals(other.fd, fd);
    counter[Symbol.dispose]();
    assertEquals(counter.read(new BigUint64Array(3)), -9);
    assertThrows(() => counter.enable(), SyscallError, "EBADF");
    assertEquals(other.read(new BigUint64Array(3)), 24);
  }
  const group = CounterGroup.open(["cs", "faults"]);
  group[Symbol.dispose]();
  group[Symbol.dispose]();
  assertEquals(group.read(new BigUint64Array(5)), -9);
});

test("Counter.open() says why an inherited event can't be read in user mode", () => {
  assertThrows(() => Counter.open("cs", { userRead: true, inherit: true }), SyscallError, "of one processor");
});

test("Counter opens a hardware event, or tryOpen() says that there is no PMU", () => {
  const event: PerfEvent = {
    name: "instructions:u",
    attr: { type: PERF_TYPE.HARDWARE, config: 1, flags: ["exclude_kernel", "exclude_hv"] },
  };
  const opened = Counter.tryOpen(event);
  if (opened instanceof Counter) {
    using counter = opened;
    counter.enable();
    assert(counted(counter) > 0n);
  } else {
    assertEquals(opened.state, "not-supported");
    assert(opened.reason.includes("ENOENT") && opened.reason.includes("no PMU"), opened.reason);
    const error = assertThrows(() => Counter.open(event), SyscallError);
    assert(isErrno(error, "ENOENT"));
  }
});

test("Counter.open() names a task that does not exist", () => {
  assertThrows(() => Counter.open("cs", { pid: 2 ** 22 + 1 }), SyscallError, "no task has the id 4194305");
});
