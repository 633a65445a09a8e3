/** Every probe of a bug says yes over a model with the bug, and no over the same model without. */
import { test } from "bun:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Changes, haswell, KVM } from "../../engine/host/_profiles.ts";
import { createHostModel, type HostProfile, type Hypervisor } from "../../engine/host/mod.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { describedHost } from "./described.ts";
import type { Capabilities } from "./types.ts";
import { ENGINE_NAMES, judge } from "./verdict.ts";

function findingsOn(profile: HostProfile): Capabilities {
  return capabilitiesOf(describedHost(createHostModel(profile)));
}

const states = (found: Capabilities) => [...found].map(([name, { state }]) => `${name} ${state}`);

const noTsx = { hle: false, rtm: false, alwaysAborts: false };
const xen = (pmiOvercounts: boolean): Hypervisor => ({
  kind: "xen",
  version: "4.11",
  vpmu: true,
  counters: 4,
  fixedCounters: 3,
  pmiOvercounts,
});
const zen3: Changes = {
  cpu: { vendor: "AuthenticAMD", family: 0x19, model: 0x21, tsx: noTsx },
  pmu: { counters: 6, fixedCounters: 0, version: 0, skid: 10_000 },
};
const cometLake: Changes = { cpu: { model: 0xa5, tsx: noTsx } };

/** A capability, a host that has it, and a host that has not but is alike otherwise. */
const PAIRS: readonly (readonly [name: string, has: Changes, hasNot: Changes])[] = [
  ["kvm-in-txcp-bug", { hypervisor: KVM }, { hypervisor: { ...KVM, inTxCpFix: true } }],
  ["kvm-in-txcp-bug", { hypervisor: KVM }, {}],
  ["kvm-in-txcp-bug", { hypervisor: KVM }, { hypervisor: KVM, cpu: { model: 0x2a, tsx: noTsx } }],
  ["in-txcp", {}, { cpu: { model: 0x2a, tsx: noTsx } }],
  ["in-tx", {}, { cpu: { model: 0x2a, tsx: noTsx } }],
  ["xen-pmi-overcount", { hypervisor: xen(true) }, { hypervisor: xen(false) }],
  ["hardware-ticks", { hypervisor: xen(false) }, { hypervisor: xen(true) }],
  ["ioc-period-late", { kernel: { periodTakesEffectLate: true } }, {}],
  ["spec-lock-map", { ...zen3, cpu: { ...zen3.cpu, specLockMap: true } }, zen3],
  [
    "smi-counted",
    { ...cometLake, pmu: { freezeOnSmi: false } },
    { ...cometLake, pmu: { freezeOnSmi: true } },
  ],
  ["single-counter", { pmu: { counters: 1, fixedCounters: 0 } }, { pmu: { counters: 2, fixedCounters: 0 } }],
  ["multiplexing", { pmu: { counters: 2 } }, { pmu: { counters: 3 } }],
  ["multiplexing", { pmu: { taken: 2 } }, {}],
  ["multiplexing", { hypervisor: KVM, pmu: { counters: 2 } }, { hypervisor: KVM }],
  ["throttled", { kernel: { perfEventMaxSampleRate: 3250 } }, {}],
  ["hardware-events", { hypervisor: KVM }, { hypervisor: { ...KVM, vpmu: false } }],
  ["pmu", { hypervisor: KVM }, { hypervisor: { ...KVM, vpmu: false } }],
  ["perf-allowed", { kernel: { perfEventParanoid: 2 } }, { kernel: { perfEventParanoid: 4 } }],
  [
    "perf-allowed",
    { kernel: { perfEventParanoid: 4, privileged: true } },
    { kernel: { perfEventParanoid: 4 } },
  ],
  ["context-switch-events", { kernel: { perfEventParanoid: 1 } }, { kernel: { perfEventParanoid: 2 } }],
  ["hle", {}, { cpu: { tsx: noTsx } }],
  ["hle-ignored", { cpu: { tsx: noTsx } }, {}],
  ["rtm", {}, { cpu: { tsx: noTsx } }],
  ["tsx-always-aborts", { cpu: { tsx: { hle: false, rtm: true, alwaysAborts: true } } }, {}],
  ["tsx-disabled", { cpu: { tsx: noTsx } }, {}],
  ["cpu-known-to-rr", zen3, { ...zen3, cpu: { ...zen3.cpu, family: 0x1a, model: 0x02 } }],
  ["virtual-machine", { hypervisor: KVM }, {}],
  ["kvm", { hypervisor: KVM }, { hypervisor: xen(false) }],
  ["xen", { hypervisor: xen(false) }, { hypervisor: KVM }],
  ["vmware", { hypervisor: { ...KVM, kind: "vmware", version: "7.0" } }, { hypervisor: KVM }],
  ["host-kernel-visible", {}, { hypervisor: KVM }],
  ["yama-restricted", { kernel: { ptraceScope: 2 } }, { kernel: { ptraceScope: 1 } }],
  ["kernel-recent", { kernel: { release: "6.1.0" } }, { kernel: { release: "4.9.0" } }],
];

for (const [name, has, hasNot] of PAIRS) {
  test(`${name} is yes over ${JSON.stringify(has)}, and no over ${JSON.stringify(hasNot)}`, () => {
    const yes = findingsOn(haswell(has)).get(name);
    const no = findingsOn(haswell(hasNot)).get(name);
    assertEquals([yes?.state, no?.state], ["yes", "no"], `${yes?.evidence} / ${no?.evidence}`);
  });
}

test("kvm-in-txcp-bug tells how many ticks are lost, and only the hypervisor's host logs why", () => {
  const model = createHostModel(haswell({ hypervisor: KVM }));
  const found = capabilitiesOf(describedHost(model), ["kvm-in-txcp-bug"]);
  assertEquals(found.get("kvm-in-txcp-bug")?.evidence, "312 of 500 branches counted");
  assertEquals(model.kernelLog, []);
  assertMatch(model.hypervisorLog.join("\n"), /kvm_pmu: event creation failed -95/);
});

test("probes leave a host as it was: its kernel logs nothing, and samples as fast as before", () => {
  for (const changes of [{}, { hypervisor: KVM }, { hypervisor: xen(true) }, zen3]) {
    const model = createHostModel(haswell(changes));
    const host = describedHost(model);
    const first = capabilitiesOf(host);
    assertEquals(model.kernelLog, []);
    assertEquals(states(capabilitiesOf(host)), states(first));
  }
});

test("judge() has no engine run where Yama lets nobody trace", () => {
  for (const kernel of [{ ptraceScope: 3, privileged: true }, { ptraceScope: 2 }]) {
    const found = findingsOn(haswell({ kernel }));
    assertEquals(found.get("ptrace")?.evidence, "ptrace(PTRACE_TRACEME): EPERM");
    for (const engine of ENGINE_NAMES) {
      const { runs, obstacles } = judge(engine, found);
      assertEquals([runs, obstacles.map(({ capability }) => capability)], [false, ["ptrace"]]);
    }
  }
  const capable = findingsOn(haswell({ kernel: { ptraceScope: 2, privileged: true } }));
  assertEquals(capable.get("ptrace")?.state, "unknown");
});

test("judge() has rr run on hardware and not without a PMU, as far as a description tells", () => {
  assert(judge("rr", findingsOn(haswell())).runs);
  const { runs, obstacles } = judge("rr", findingsOn(haswell({ hypervisor: { ...KVM, vpmu: false } })));
  assertEquals([runs, obstacles.map(({ capability }) => capability)], [false, ["hardware-events"]]);
});
