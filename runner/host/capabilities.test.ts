import { test } from "bun:test";
import { resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { loadManifest } from "../manifest/mod.ts";
import { fakeHost } from "./_fake-host.ts";
import { CAPABILITY_NAMES, capabilitiesOf, probeOf } from "./capabilities.ts";
import { PROBES } from "./probes/mod.ts";
import { waivers } from "./verdict.ts";

test("PROBES stand behind those that they need or use, under names of their own", () => {
  const before = new Set<string>();
  for (const { name, needs = {}, uses = [] } of PROBES) {
    assertMatch(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    assert(!before.has(name), `${name} is there twice`);
    for (const other of [...Object.keys(needs), ...uses]) assert(before.has(other), `${name} needs ${other}`);
    before.add(name);
  }
});

test("PROBES tell all about themselves", () => {
  for (const { name, title, measures, threshold, source, remedy } of PROBES) {
    for (const text of [title, measures, threshold, source, remedy]) assert(text.length >= 3, name);
  }
});

test("PROBES gate tests that there are", () => {
  const core = loadManifest(resolve(import.meta.dir, "../../manifests/core.yaml"));
  const tests = new Set(core.tests.map(({ name }) => name));
  const gated = PROBES.flatMap(({ gates }) => gates.tests);
  assert(gated.length > 0);
  for (const name of gated) assert(tests.has(name), name);
  for (const { name, gates } of PROBES) {
    for (const waiver of waivers(gates)) assert(CAPABILITY_NAMES.includes(waiver), name);
  }
});

test("capabilitiesOf() finds out about every capability, in the order of the probes", () => {
  const found = capabilitiesOf(fakeHost());
  assertEquals([...found.keys()], [...CAPABILITY_NAMES]);
  for (const { evidence } of found.values()) assert(evidence !== "" && !evidence.includes("\n"), evidence);
});

test("capabilitiesOf() runs no more than what is asked for and what that needs", () => {
  const host = {
    ...fakeHost(),
    execute: () => {
      throw new Error("rr was run");
    },
  };
  assertEquals([...capabilitiesOf(host, ["kvm-in-txcp-bug"]).keys()].sort(), [
    "cpu-known",
    "hardware-events",
    "in-txcp",
    "kvm-in-txcp-bug",
    "perf-allowed",
    "pmu",
  ]);
});

test("capabilitiesOf() refuses a name that is no capability", () => {
  assertThrows(() => capabilitiesOf(fakeHost(), ["pmuu"]), RangeError, "'pmuu'");
  assertEquals(probeOf("pmuu"), undefined);
});

test("capabilitiesOf() closes every event that it opens", () => {
  const { perf, ...host } = fakeHost();
  const open = new Set<number>();
  const watched = {
    ...perf,
    open: (...args: Parameters<typeof perf.open>) => {
      const fd = perf.open(...args);
      if (fd >= 0) open.add(fd);
      return fd;
    },
    close: (fd: number) => {
      open.delete(fd);
      return perf.close(fd);
    },
  };
  capabilitiesOf({ ...host, perf: watched });
  assertEquals([...open], []);
});
