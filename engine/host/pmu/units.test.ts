/** A hybrid processor: each kind of core has a PMU of its own, and counts nothing while a task is on another kind. */
import { test } from "bun:test";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { PERF_FORMAT } from "../../../ffi/mod.ts";
import { Asking } from "../_ask.ts";
import { haswell } from "../_profiles.ts";
import type { HostProfile } from "../profile.ts";
import { HYBRID_UNITS } from "./units.ts";

const TIMES = { read_format: PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING };
/** BR_INST_RETIRED.COND of performance cores, and of efficient ones. */
const [BIG, SMALL] = [0x11c4n, 0x7ec4n];
/** The same of Lion Cove, whose umask has a second byte. */
const LION = 0x100_0000_11c4n;
const LONG = 400_000_000;

/** Alder Lake, or Arrow Lake-H with its low-power island. */
function hybrid(pinned: boolean, lowpower?: string): HostProfile {
  return haswell({
    cpu: {
      model: lowpower === undefined ? 0x97 : 0xc5,
      stepping: 2,
      tsx: { hle: false, rtm: false, alwaysAborts: false },
      hybrid: { core: "0-15", atom: "16-19", pinned, ...(lowpower !== undefined && { lowpower }) },
    },
    pmu: { counters: 8, fixedCounters: 4, version: 5 },
    kernel: { release: "6.12.0" },
  });
}

test("a task on performance cores is counted by their PMU alone", () => {
  const host = new Asking(hybrid(true));
  const big = host.open({ ...TIMES, config: BIG });
  const small = host.open({ ...TIMES, type: HYBRID_UNITS.atom.type, config: SMALL });
  host.branches(LONG);
  const [count, enabled, running] = host.read(big);
  assertEquals([count, running], [LONG, enabled]);
  assertEquals(host.read(small), [0, enabled, 0]);
});

test("a task that is moved about is counted by one PMU after the other: together they have all of it", () => {
  const host = new Asking(hybrid(false));
  const big = host.open({ ...TIMES, config: BIG });
  const small = host.open({ ...TIMES, type: HYBRID_UNITS.atom.type, config: SMALL });
  host.branches(LONG);
  const [onBig = 0, enabled = 0, ranBig = 0] = host.read(big);
  const [onSmall = 0, , ranSmall = 0] = host.read(small);
  assertLess(onBig, LONG);
  assertGreater(onSmall, 0);
  assertEquals(onBig + onSmall, LONG);
  assertEquals(ranBig + ranSmall, enabled);
});

test("a generic event names its PMU in the upper half of its config", () => {
  const host = new Asking(hybrid(true));
  assertEquals(host.tryOpen({ type: 0, config: 12n << 32n }), "ENOENT");
  const small = host.open({ ...TIMES, type: 0, config: BigInt(HYBRID_UNITS.atom.type) << 32n });
  host.branches(100);
  assertEquals(host.read(small)[2], 0);
});

test("the low-power island is a third PMU, where there is one", () => {
  const { type } = HYBRID_UNITS.lowpower;
  assertEquals(new Asking(hybrid(true)).tryOpen({ type, config: SMALL }), "ENOENT");
  const host = new Asking(hybrid(false, "14-15"));
  const [big, small, low] = [
    host.open({ config: LION }),
    host.open({ type: HYBRID_UNITS.atom.type, config: SMALL }),
    host.open({ type, config: SMALL }),
  ];
  host.branches(LONG);
  assertEquals(host.count(big) + host.count(small) + host.count(low), LONG);
  assertGreater(host.count(low), 0);
});
