import { test } from "bun:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CORES, IN_TXCP, identifyProcessor, PERF_TYPE, resolveEvent } from "../../../ffi/mod.ts";
import { type Changes, HASWELL, haswell, KVM } from "../_profiles.ts";
import { createHostModel } from "../mod.ts";

const TURIN: Changes = {
  cpu: {
    vendor: "AuthenticAMD",
    name: "AMD EPYC 9755 128-Core Processor",
    family: 0x1a,
    model: 2,
    stepping: 1,
    tsx: { hle: false, rtm: false, alwaysAborts: false },
  },
  pmu: { counters: 6, fixedCounters: 0, version: 2 },
};
const model = (changes: Changes = {}) => createHostModel(haswell(changes));

/** Text in registers of cpuid. */
function text(...words: readonly number[]): string {
  return new TextDecoder().decode(Uint32Array.from(words)).replace(/\0+$/, "");
}

test.each([HASWELL.cpu, haswell(TURIN).cpu])("cpuid identifies the processor", (cpu) => {
  const { vendor, family, model: number, stepping } = cpu;
  const host = createHostModel({ ...haswell(), cpu });
  assertEquals(identifyProcessor(host), { vendor, family, model: number, stepping });
  assertEquals(text(...[2, 3, 4].flatMap((leaf) => [...host.cpuid(0x8000_0000 + leaf, 0)])), cpu.name);
});

test("cpuid has TSX as it is, and nothing where there is no PMU", () => {
  const bit = (word: number, index: number) => (word >>> index) & 1;
  const [, ebx, , edx] = model().cpuid(7, 0);
  assertEquals([bit(ebx, 4), bit(ebx, 11), bit(edx, 11)], [1, 1, 0]);
  const off = model({ cpu: { tsx: { hle: false, rtm: false, alwaysAborts: true } } }).cpuid(7, 0);
  assertEquals([bit(off[1], 4), bit(off[1], 11), bit(off[3], 11)], [0, 0, 1]);
  assertEquals(model().cpuid(10, 0)[0] & 0xff_ffff, 3 | (4 << 8) | (48 << 16));
  const without = model({ hypervisor: { ...KVM, vpmu: false, counters: 0, fixedCounters: 0 } });
  assertEquals(without.cpuid(10, 0), [0, 0, 0, 0]);
});

test("cpuid tells a guest of its hypervisor, and of the counters that it is to believe in", () => {
  assertEquals(model().cpuid(0x4000_0000, 0), [0, 0, 0, 0]);
  const virtual = { vpmu: true, counters: 2, fixedCounters: 1 };
  const kvm = model({ hypervisor: { ...KVM, ...virtual } });
  const xen = model({ hypervisor: { kind: "xen", version: "4.17.2", pmiOvercounts: false, ...virtual } });
  const vmware = model({ hypervisor: { kind: "vmware", version: "6.7", ...virtual } });
  const signatures = [kvm, xen, vmware].map((guest) => text(...guest.cpuid(0x4000_0000, 0).slice(1)));
  assertEquals(signatures, ["KVMKVMKVM", "XenVMMXenVMM", "VMwareVMware"]);
  for (const guest of [kvm, xen, vmware]) {
    assertEquals(guest.cpuid(1, 0)[2] >>> 31, 1);
    assertEquals([(guest.cpuid(10, 0)[0] >> 8) & 0xff, guest.cpuid(10, 0)[3] & 0x1f], [2, 1]);
  }
  assertEquals(xen.cpuid(0x4000_0001, 0)[0], (4 << 16) | 17);
  assertEquals(
    [xen.readFile("/sys/hypervisor/type"), xen.readFile("/sys/hypervisor/version/extra")],
    ["xen\n", ".2\n"],
  );
});

test("PerfMonV2 of AMD has its leaf", () => {
  assertEquals(model(TURIN).cpuid(0x8000_0022, 0), [1, 6, 0, 0]);
  const older = { ...TURIN, pmu: { ...TURIN.pmu, version: 0 } };
  assertEquals(model(older).cpuid(0x8000_0022, 0), [0, 0, 0, 0]);
});

test("the files lead event names to the codes that the model counts", () => {
  const host = model();
  const ticks = resolveEvent("retired-conditional-branches:u:in_txcp", host).attr;
  assertEquals(
    [ticks.type, ticks.config],
    [PERF_TYPE.RAW, IN_TXCP | CORES.Haswell["retired-conditional-branches"]!],
  );
  assertEquals(resolveEvent("cpu/branch-instructions/", host).attr.config, 0xc4n);
  assertEquals(host.readDirectory("/sys/bus/event_source/devices"), ["cpu", "software"]);
  assert(host.readDirectory("/sys/bus/event_source/devices/cpu/format")?.includes("in_tx_cp"));
  const amd = model(TURIN);
  assertEquals(amd.readFile("/sys/bus/event_source/devices/cpu/format/event"), "config:0-7,32-35\n");
  assertEquals(amd.readDirectory("/sys/bus/event_source/devices/cpu/format")?.includes("in_tx"), false);
});

test("without a PMU there is no event source of the processor", () => {
  const guest = model({
    hypervisor: { ...KVM, vpmu: false, counters: 0, fixedCounters: 0 },
    pmu: { freezeOnSmi: true },
  });
  assertEquals(guest.readDirectory("/sys/bus/event_source/devices"), ["software"]);
  assertEquals(guest.readFile("/sys/devices/cpu/freeze_on_smi"), undefined);
  assertEquals(model({ pmu: { freezeOnSmi: true } }).readFile("/sys/devices/cpu/freeze_on_smi"), "1\n");
});

test("the kernel's files say what the profile says", () => {
  const host = model({
    kernel: { release: "6.1.0-18-amd64", perfEventParanoid: 3, ptraceScope: undefined },
    cpu: { cores: 2 },
  });
  assertEquals(host.readFile("/proc/sys/kernel/osrelease"), "6.1.0-18-amd64\n");
  assertEquals(host.readFile("/proc/sys/kernel/perf_event_paranoid"), "3\n");
  assertEquals(host.readFile("/proc/sys/kernel/yama/ptrace_scope"), undefined);
  assertMatch(host.readFile("/proc/version") ?? "", /^Linux version 6\.1\.0-18-amd64 /);
  const info = host.readFile("/proc/cpuinfo") ?? "";
  assertEquals(info.match(/^processor\t: \d$/gm), ["processor\t: 0", "processor\t: 1"]);
  assertStringIncludes(info, "model name\t: Intel(R) Core(TM) i7-4770 CPU @ 3.40GHz\n");
  assertMatch(info, /^flags\t\t: .* hle rtm$/m);
  assertEquals(host.readFile("/etc/passwd"), undefined);
  assertEquals(host.readDirectory("/etc"), undefined);
});
