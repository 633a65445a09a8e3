/** Hosts of aarch64: their events by name, what the kernel's driver refuses there, and what rr needs. */
import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createHostModel, type HostProfile } from "../../engine/host/mod.ts";
import {
  EventNameError,
  encodePerfAttr,
  errnoInfo,
  identifyProcessor,
  PERF_COUNT_HW,
  PERF_TYPE,
  type PerfAttr,
  resolveEvent,
} from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { describedHost, loadDescribedHost } from "./described.ts";
import { checkProfile, loadProfile, loadRunnableProfile } from "./profiles.ts";
import type { Host } from "./types.ts";

const changed = (name: string, change: (profile: HostProfile) => HostProfile): Host =>
  describedHost(createHostModel(change(loadProfile(name))));

/** Opens an event of user mode: "opens", or the name of the error. */
function opening(host: Host, attr: Partial<PerfAttr>, leader = -1): string | number {
  const flags = attr.flags ?? ["exclude_kernel"];
  using encoded = encodePerfAttr({ type: PERF_TYPE.RAW, config: 0x21n, ...attr, flags });
  const fd = host.perf.open(encoded.u8, 0, -1, leader, 0);
  return fd < 0 ? errnoInfo(-fd).code : fd;
}

const outcome = (host: Host, attr: Partial<PerfAttr>) => {
  const result = opening(host, attr);
  return typeof result === "number" ? "opens" : result;
};

test("a processor of aarch64 is what MIDR_EL1 says", () => {
  assertEquals(identifyProcessor(loadDescribedHost("graviton2")), {
    vendor: "ARM",
    family: 8,
    model: 0xd0c,
    stepping: 0x31,
  });
  assertEquals(identifyProcessor(loadDescribedHost("apple-m-vm")).vendor, "implementer 0x00");
});

test("events of aarch64 have the names of the kernel, of Arm and of tickproof", () => {
  const host = loadDescribedHost("graviton3");
  const config = (name: string) => {
    const { type, config } = resolveEvent(name, host).attr;
    return [type, BigInt(config)];
  };
  for (const name of [
    "retired-branches:u",
    "BR_RETIRED:u",
    "br_retired",
    "r21",
    "armv8_pmuv3_0/br_retired/",
    "armv8_pmuv3_0/event=0x21/u",
  ]) {
    assertEquals(config(name), [8, 0x21n], name);
  }
  assertEquals(config("STREX_SPEC"), [8, 0x6fn]);
  assertEquals(config("armv8_pmuv3_0/event=0x11,rdpmc=1/"), [8, 0x11n]);
  assertThrows(() => resolveEvent("retired-conditional-branches", host), EventNameError, "Neoverse V1");
  assertThrows(() => resolveEvent("armv8_pmuv3_0/event=0x10000/", host), EventNameError, "must fit the bits");
});

test("generic branches are counted on these cores from Linux 6.4 on", () => {
  const branches = { type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.BRANCH_INSTRUCTIONS };
  assertEquals(outcome(loadDescribedHost("ampere-altra"), branches), "ENOENT");
  assertEquals(outcome(loadDescribedHost("graviton2"), branches), "opens");
});

test("the driver of aarch64 refuses what is its own to refuse", () => {
  const host = loadDescribedHost("graviton2");
  assertEquals(outcome(host, { config: 0x1en }), "EINVAL");
  assertEquals(outcome(host, { flags: ["exclude_kernel", "exclude_idle"] }), "EOPNOTSUPP");
  assertEquals(outcome(host, { precise_ip: 3, sample_period: 1000 }), "opens");
  assertEquals(
    outcome(host, { sample_type: 0x800n, branch_sample_type: 9n, sample_period: 1000 }),
    "EOPNOTSUPP",
  );
  assertEquals(outcome(loadDescribedHost("apple-m-vm"), {}), "ENOENT");
});

test("six events of branches fit in a group, and cycles beside them", () => {
  const host = loadDescribedHost("graviton2");
  const leader = opening(host, {});
  assert(typeof leader === "number");
  const members = [0x21n, 0x6fn, 0x22n, 0x08n, 0x10n].map((config) => opening(host, { config }, leader));
  assert(members.every((fd) => typeof fd === "number"));
  assertEquals(typeof opening(host, { config: 0x11n }, leader), "number");
  assertEquals(opening(host, { config: 0x12n }, leader), "EINVAL");
});

test("without LSE rr can't record, whatever the counters", () => {
  const host = changed("graviton2", (profile) => ({ ...profile, cpu: { ...profile.cpu, lse: false } }));
  const found = capabilitiesOf(host, ["lse-atomics", "pmu"]);
  assertEquals([found.get("lse-atomics")?.state, found.get("pmu")?.state], ["no", "yes"]);
});

test("one counter is too few to notice exclusives beside ticks", () => {
  const host = changed("graviton2", (profile) => ({
    ...profile,
    hypervisor:
      profile.hypervisor.kind === "kvm" ? { ...profile.hypervisor, counters: 1 } : profile.hypervisor,
  }));
  const finding = capabilitiesOf(host, ["exclusives-counted"]).get("exclusives-counted");
  assertEquals([finding?.state, finding?.evidence], ["no", "perf_event_open of exclusive-stores: EINVAL"]);
});

test("the files of such a host are those of its kernel", () => {
  const host = loadDescribedHost("ampere-one");
  const file = (path: string) => host.readFile(path)?.trim();
  assertEquals(file("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1"), "0x00000000c00fac30");
  assertEquals(file("/sys/bus/event_source/devices/armv8_pmuv3_0/format/event"), "config:0-15");
  assertEquals(file("/sys/bus/event_source/devices/armv8_pmuv3_0/cpus"), "0-191");
  assertEquals(file("/proc/sys/kernel/perf_user_access"), "0");
  assertStringIncludes(file("/proc/cpuinfo") ?? "", "CPU implementer\t: 0xc0");
  assertEquals(file("/sys/bus/event_source/devices/cpu/type"), undefined);
  const { bootLog } = createHostModel(loadProfile("graviton2"));
  assertStringIncludes(
    bootLog.join("\n"),
    "hw perfevents: enabled with armv8_pmuv3_0 PMU driver, 7 counters available",
  );
});

test("loadRunnableProfile() refuses a host whose programs are others", () => {
  assertEquals(loadRunnableProfile("haswell").name, "haswell");
  assertThrows(() => loadRunnableProfile("graviton4"), UsageError, "it is a machine of aarch64");
});

test("checkProfile() says what one architecture has and another has not", () => {
  const text = (name: string, from: string, to: string) => {
    const { name: _, ...profile } = loadProfile(name);
    const json = JSON.stringify({ name, ...profile }).replace(from, to);
    return () => checkProfile({ file: "p.yaml", text: json });
  };
  assertThrows(text("haswell", '"model":60', '"model":3340'), UsageError, "models of x86 end at 0xff");
  assertThrows(text("haswell", '"stepping":3', '"stepping":49'), UsageError, "steppings of x86 end at 15");
  assertThrows(
    text("haswell", '"cores":4', '"cores":4,"lse":true'),
    UsageError,
    "only processors of aarch64",
  );
  assertThrows(text("graviton2", '"family":8', '"family":6'), UsageError, "the family is 8 on aarch64");
  assertThrows(text("graviton3", '"fixedCounters":1', '"fixedCounters":3'), UsageError, "aarch64 has one");
  assertThrows(
    text("graviton3", '"hle":false', '"hle":true'),
    UsageError,
    "only processors of Intel have TSX",
  );
});
