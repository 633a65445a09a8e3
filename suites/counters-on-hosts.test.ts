/**
 * The counter library on described hosts: every path that needs a PMU, on machines that have one, with its bugs and
 * limits. The library is the same as on this kernel; only the system calls are answered by a model.
 */
import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createHostModel } from "../engine/host/mod.ts";
import {
  Counter,
  CounterGroup,
  type CounterOptions,
  EventNameError,
  isAarch64,
  type OpenReading,
  type PerfStep,
  Sampler,
  SyscallError,
} from "../ffi/mod.ts";
import { describedHost, loadProfile, profileNames } from "../runner/host/mod.ts";

const TICKS = "retired-conditional-branches:u";

/** The event of ticks; on a hybrid processor one says of which cores. */
function ticksOn(name: string): string {
  return loadProfile(name).cpu.hybrid === undefined ? TICKS : "cpu_core/retired-conditional-branches/:u";
}

/** A described host as options of counters. */
function on(name: string): Required<Pick<CounterOptions, "system" | "host">> {
  const host = describedHost(createHostModel(loadProfile(name)));
  return { system: host.perf, host };
}

/** Lets the task of a host do something. */
function run({ system }: ReturnType<typeof on>, ...steps: PerfStep[]): void {
  for (const result of system.run(steps)) assert(result >= 0, `${result}`);
}

const branches = (count: number): PerfStep => ({ do: "branches", count });

function value(reading: OpenReading): bigint {
  assert(reading.state === "counted", reading.state === "not-counted" ? reading.reason : "");
  return reading.value;
}

/** A virtual machine that lets architectural events through, and no others: the tick is none of them. */
const FILTERED = "gce-c4-architectural";

/** Hosts whose PMU can be used. On aarch64 no event counts conditional branches alone. */
const WITH_PMU = profileNames().filter((name) => {
  if (isAarch64(loadProfile(name).cpu)) return false;
  const options = on(name);
  try {
    const opened = Counter.tryOpen(ticksOn(name), options);
    return opened instanceof Counter;
  } catch (error) {
    // perf_event_paranoid forbids it.
    if (error instanceof SyscallError) return false;
    throw error;
  }
});

test("most described hosts have a PMU that counts ticks by name", () => {
  assert(WITH_PMU.length >= 10, WITH_PMU.join(", "));
  for (const name of ["haswell", "zen3", "zen5-turin", "ice-lake", "knl", "sandy-bridge-kvm"]) {
    assert(WITH_PMU.includes(name), name);
  }
});

test.each(WITH_PMU.filter((name) => name !== FILTERED))(
  "Counter counts the ticks of %s exactly, also over disable, reset and a reschedule",
  (name) => {
    const options = on(name);
    using counter = Counter.open(ticksOn(name), options);
    run(options, branches(77));
    counter.enable();
    run(options, branches(500), { do: "reschedule" }, branches(300));
    counter.disable();
    run(options, branches(50));
    assertEquals(value(counter.reading()), 800n);
    counter.reset();
    counter.enable();
    run(options, branches(5));
    const words = new BigUint64Array(3);
    assertEquals(counter.read(words), 24);
    assertEquals([words[0], words[1] === words[2]], [5n, true]);
  },
);

test("what a virtual machine's filter keeps back opens, and stands still", () => {
  const options = on(FILTERED);
  using counter = Counter.open(TICKS, options);
  counter.enable();
  run(options, branches(500));
  assertEquals(value(counter.reading()), 0n);
});

test("on a hybrid processor a name alone does not say which cores are meant", () => {
  assertThrows(() => Counter.open(TICKS, on("alder-lake")), EventNameError, "say which, cpu_core/");
});

test("IN_TXCP stops counting silently on a KVM guest with the bug, and counts where there is none", () => {
  const count = (name: string): bigint => {
    const options = on(name);
    using counter = Counter.open(`${TICKS}:in_txcp`, options);
    counter.enable();
    run(options, branches(100));
    counter.disable();
    counter.enable();
    run(options, branches(500));
    return value(counter.reading());
  };
  assertEquals(count("haswell"), 600n);
  assertEquals(count("haswell-kvm-fixed"), 600n);
  assert(count("haswell-kvm-4.7") < 600n);
});

test("without TSX an IN_TXCP counter is a plain one, and IN_TX, which would count all, is refused with words", () => {
  const options = on("sandy-bridge-kvm");
  using plain = Counter.open(`${TICKS}:in_txcp`, options);
  plain.enable();
  run(options, branches(500));
  assertEquals(value(plain.reading()), 500n);
  assertThrows(() => Counter.open(`${TICKS}:in_tx`, options), EventNameError, "this processor has none");
});

test("IN_TXCP is refused with words with a period", () => {
  const sampling = Sampler.tryOpen(`${TICKS}:in_txcp`, { ...on("haswell"), every: { period: 1000 } });
  assert(!(sampling instanceof Sampler));
  assertStringIncludes(sampling.reason, "EOPNOTSUPP: an IN_TXCP event must not sample");
});

test("IN_TX counts what ran in a transaction, and IN_TXCP forgets what was rolled back", () => {
  const options = on("haswell");
  using plain = Counter.open(TICKS, options);
  using within = Counter.open(`${TICKS}:in_tx`, options);
  using kept = Counter.open(`${TICKS}:in_txcp`, options);
  for (const counter of [plain, within, kept]) counter.enable();
  run(options, branches(100), { do: "aborted-transaction", branches: 40 });
  assertEquals(
    [plain, within, kept].map((counter) => value(counter.reading())),
    [140n, 40n, 100n],
  );
});

test("CounterGroup counts together on a PMU", () => {
  const options = on("haswell");
  using group = CounterGroup.open([TICKS, "instructions:u", "context-switches"], options);
  group.enable();
  run(options, branches(1000), { do: "reschedule" });
  group.disable();
  const [ticks, instructions, switches] = group.readings();
  assert(ticks && instructions && switches);
  assertEquals(value(ticks), 1000n);
  assert(value(instructions) >= 2000n && value(switches) >= 1n);
  assertEquals([ticks.enabled, ticks.running], [instructions.enabled, instructions.running]);
});

test("CounterGroup.tryOpen() says that a group has more events than there are counters", () => {
  const group = CounterGroup.tryOpen(["r1c4:u", "r2c4:u", "r4c4:u", "r8c4:u", "r10c4:u"], on("haswell"));
  assert(!(group instanceof CounterGroup));
  assertStringIncludes(group.reason, "more events than counters");
});

test("Counter.reading() shows its share of the time where counters are multiplexed, and scales", () => {
  const options = on("haswell");
  const counters = Array.from({ length: 8 }, () => Counter.open("r1c4:u", options));
  for (const counter of counters) counter.enable();
  for (let slice = 0; slice < 40; slice++) run(options, branches(2_000_000));
  const readings = counters.map((counter) => counter.reading());
  for (const counter of counters) counter[Symbol.dispose]();
  const scaled = readings.filter((reading) => reading.state === "counted" && reading.share < 1);
  assert(scaled.length > 0, JSON.stringify(readings.map(({ state }) => state)));
  for (const reading of scaled) {
    assert(reading.state === "counted");
    assert(reading.value < 80_000_000n && reading.estimate > reading.value);
    assert(Math.abs(Number(reading.estimate) / 80e6 - 1) < 0.5, `${reading.estimate}`);
  }
});

test("Counter.reading() says that an event was never on a counter", () => {
  const options = on("haswell");
  using first = CounterGroup.open(["r1c4:uD", "r2c4:u", "r4c4:u", "r8c4:u"], options);
  using pinned = Counter.open("r10c4:uD", options);
  first.enable();
  pinned.enable();
  run(options, branches(100));
  const reading = pinned.reading();
  assert(reading.state === "not-counted", reading.state);
  assertStringIncludes(reading.reason, "pinned");
});

test("Counter.tryOpen() says that a cloud's virtual machine has no PMU", () => {
  const refused = Counter.tryOpen("cycles:u", on("cloud-no-pmu"));
  assert(!(refused instanceof Counter));
  assertStringIncludes(refused.reason, "no PMU");
});

test("Counter.open() names the level of perf_event_paranoid that forbids it", () => {
  assertThrows(() => Counter.open("cycles:u", on("paranoid-4")), SyscallError, "perf_event_paranoid is 4");
});

test("Sampler is interrupted after its period and the processor's skid", () => {
  const options = on("haswell");
  using sampler = Sampler.open(TICKS, { ...options, every: { period: 1000 }, fields: ["ip", "tid", "time"] });
  sampler.enable();
  run(options, branches(999));
  assertEquals(sampler.wait(0), "timeout");
  run(options, branches(5001));
  assertEquals(sampler.wait(0), "ready");
  const records = sampler.drain();
  const samples = records.filter(({ kind }) => kind === "sample").length;
  assert(samples >= 4 && samples <= 6, `${samples} samples: ${records.map(({ kind }) => kind).join(" ")}`);
});
