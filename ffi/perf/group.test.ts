import { test } from "bun:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CounterGroup, GROUP_WORD, livePerf, nativeWords, PERF_IOC, SyscallError } from "../mod.ts";
import { describedFacts, FakePerf } from "./_fixtures.ts";

test("CounterGroup counts its events together and reads them in one call", () => {
  using group = CounterGroup.open(["task-clock", "context-switches", "page-faults", "cpu-migrations"]);
  using words = nativeWords(group.words);
  group.enable();
  livePerf.run([{ do: "reschedule" }, { do: "reschedule" }]);
  group.disable();
  assertEquals(group.read(words.u64), group.words * 8);
  assertEquals(words.u64[GROUP_WORD.count], 4n);
  const readings = group.readings();
  assertEquals(
    readings.map((reading) => reading.state),
    Array(4).fill("counted"),
  );
  const [clock, switches] = readings;
  assert(clock?.state === "counted" && switches?.state === "counted");
  assert(clock.value > 0n && switches.value >= 2n);
  // Scheduled together: the same times.
  assertEquals([clock.enabled, clock.running], [switches.enabled, switches.running]);
  assertEquals(words.u64[GROUP_WORD.firstValue + 1], switches.value);
});

test("CounterGroup.reset() sets all values to 0", () => {
  using group = CounterGroup.open(["context-switches", "task-clock"]);
  group.enable();
  livePerf.run([{ do: "reschedule" }]);
  group.disable();
  group.reset();
  assertEquals(
    group.readings().map((reading) => reading.state === "counted" && reading.value),
    [0n, 0n],
  );
});

test("CounterGroup opens members behind its leader, and switches them through it", () => {
  const system = new FakePerf();
  const host = describedFacts("AuthenticAMD", [0x1a, 2, 1]);
  {
    using group = CounterGroup.open(["retired-conditional-branches:u", "cycles:u"], { system, host });
    group.enable();
    system.words = [2n, 100n, 50n, 7n, 0n];
    assertEquals(
      group.readings().map((reading) => reading.state === "counted" && [reading.value, reading.estimate]),
      [
        [7n, 14n],
        [0n, 0n],
      ],
    );
    system.words = [3n, 100n, 50n, 7n, 0n];
    assertThrows(() => group.readings(), RangeError, "3 came");
    system.readResult = 0;
    assertEquals(group.readings()[1]?.state, "not-counted");
    assertThrows(() => group.read(new BigUint64Array(4)), RangeError, "5 words");
  }
  assertEquals(system.calls, [
    { call: "open", args: [0, -1, -1, 8] },
    { call: "open", args: [0, -1, 100, 8] },
    { call: "ioctl", args: [100, PERF_IOC.ENABLE, 1] },
    { call: "close", args: [101] },
    { call: "close", args: [100] },
  ]);
});

test("CounterGroup.open() leaves nothing open when the kernel refuses a member", () => {
  const system = new FakePerf();
  system.openResults = [5, 6, -22];
  assertThrows(
    () => CounterGroup.open(["cycles", "instructions", "branches"], { system }),
    SyscallError,
    "perf_event_open(branches) failed: EINVAL (Invalid argument); the group can't be scheduled together",
  );
  assertEquals(
    system.calls.filter(({ call }) => call === "close").map(({ args }) => args[0]),
    [5, 6],
  );
  system.openResults = [-2];
  const refused = CounterGroup.tryOpen(["cycles"], { system });
  assert(!(refused instanceof CounterGroup));
  assertEquals(refused.state, "not-supported");
  system.openResults = [-24];
  assertThrows(() => CounterGroup.tryOpen(["cycles"], { system }), SyscallError, "ulimit -n");
  assertThrows(() => CounterGroup.open([]), RangeError, "must have an event");
});
