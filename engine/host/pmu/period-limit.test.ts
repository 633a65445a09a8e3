import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { HASWELL } from "../_profiles.ts";
import { leastPeriod, periodLimit } from "./period-limit.ts";

test("periodLimit() goes by processor and kernel", () => {
  const { cpu: haswell } = HASWELL;
  const skylake = { ...haswell, model: 0x5e };
  assertEquals(periodLimit(haswell, "6.10.14"), undefined);
  const limit = { any: 32, instructions: 128 };
  assertEquals(periodLimit(haswell, "6.11.0"), { ...limit, refusesCounting: false });
  for (const kernel of ["6.14.0", "6.14", "6.14.4-generic", "6.14-rc5"]) {
    assertEquals(periodLimit(haswell, kernel), { ...limit, refusesCounting: true }, kernel);
  }
  for (const kernel of ["6.14.5", "6.14.40", "6.15.0"]) {
    assertEquals(periodLimit(haswell, kernel), { ...limit, refusesCounting: false }, kernel);
  }
  assertEquals(periodLimit({ ...haswell, model: 0x1a }, "5.3.0")?.any, 32);
  assertEquals(periodLimit({ ...haswell, model: 0x1a }, "5.2.0"), undefined);
  assertEquals(periodLimit(skylake, "6.18.0"), undefined);
});

test("leastPeriod() is longer for INST_RETIRED.ALL", () => {
  const limit = periodLimit(HASWELL.cpu, "6.11.0");
  assertEquals([leastPeriod(limit, 0x01c4n), leastPeriod(limit, 0x01c0n)], [32, 128]);
  assertEquals(leastPeriod(undefined, 0x01c0n), 1);
});
