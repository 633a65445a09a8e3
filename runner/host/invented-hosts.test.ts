/**
 * Hosts that nobody has described, put together at random: on each of them the probes must find the bugs that its
 * profile has, and no others, whatever else is the case.
 */
import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { HASWELL, haswell, KVM } from "../../engine/host/_profiles.ts";
import { createHostModel, type HostProfile, type Hypervisor } from "../../engine/host/mod.ts";
import { random } from "../../engine/trace/_fixtures.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { describedHost } from "./described.ts";
import type { Capabilities } from "./types.ts";

const HOSTS = 200;
const noTsx = { hle: false, rtm: false, alwaysAborts: false };
const amd = { vendor: "AuthenticAMD", tsx: noTsx } as const;

const CPUS: readonly Partial<HostProfile["cpu"]>[] = [
  {},
  { model: 0x2d, tsx: noTsx },
  { model: 0x5e, tsx: { hle: true, rtm: true, alwaysAborts: false } },
  { model: 0x5e, tsx: { hle: false, rtm: false, alwaysAborts: true } },
  { model: 0xa5, tsx: noTsx },
  { ...amd, family: 0x19, model: 0x21, specLockMap: true },
  { ...amd, family: 0x19, model: 0x21 },
  { ...amd, family: 0x1a, model: 0x02 },
];
const guest = { vpmu: true, counters: 4, fixedCounters: 3 };
const HYPERVISORS: readonly Hypervisor[] = [
  { kind: "none" },
  KVM,
  { ...KVM, inTxCpFix: true },
  { ...KVM, vpmu: false },
  { kind: "xen", version: "4.11", pmiOvercounts: true, ...guest },
  { kind: "xen", version: "4.17", pmiOvercounts: false, ...guest },
  { kind: "vmware", version: "7.0", ...guest },
];

/** The host of a number. */
function invent(seed: number): HostProfile {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const cpu = { ...HASWELL.cpu, ...pick(CPUS) };
  const isAmd = cpu.vendor === "AuthenticAMD";
  const fixed = isAmd ? { fixedCounters: 0 } : {};
  return {
    ...haswell({
      cpu,
      pmu: {
        ...(isAmd && { counters: 6, version: 0, skid: 10_000 }),
        ...fixed,
        taken: pick([0, 0, 1, 2, 3]),
        freezeOnSmi: pick([true, false, undefined]),
      },
      hypervisor: { ...pick(HYPERVISORS), ...fixed },
      kernel: {
        perfEventParanoid: pick([-1, 1, 2, 3, 4]),
        privileged: pick([true, false, false]),
        perfEventMaxSampleRate: pick([100_000, 100_000, 3250]),
        periodTakesEffectLate: pick([true, false]),
        ptraceScope: pick([0, 1, 2, 3, undefined]),
        release: pick(["3.6.0", "4.9.0", "6.1.0"]),
      },
    }),
    name: `invented-${seed}`,
  };
}

/** What the probes must find, by the profile alone. */
function expected({
  cpu,
  pmu,
  hypervisor,
  kernel,
}: HostProfile): Readonly<Record<string, boolean | undefined>> {
  const privileged = kernel.privileged !== false;
  const allowed = kernel.privileged === true || kernel.perfEventParanoid < kernel.perfEventRestrictsFrom;
  const counts = allowed && (hypervisor.kind === "none" || hypervisor.vpmu);
  /** A bug of counters: not to be told where nothing can be counted. */
  const seen = (bug: boolean) => (counts ? bug : undefined);
  const intel = cpu.vendor === "GenuineIntel";
  return {
    "perf-allowed": allowed,
    "context-switch-events": allowed && (privileged || kernel.perfEventParanoid < 2),
    "hardware-events": counts,
    pmu: counts,
    "xen-pmi-overcount": seen(hypervisor.kind === "xen" && hypervisor.pmiOvercounts),
    "ioc-period-late": seen(kernel.periodTakesEffectLate),
    "spec-lock-map": seen(cpu.specLockMap),
    // Events of ticks have general counters only; those that others hold are not there for a guest either.
    multiplexing: seen(pmu.counters - pmu.taken < 3),
    throttled: kernel.perfEventMaxSampleRate < 100_000,
    hle: cpu.tsx.hle,
    rtm: cpu.tsx.rtm,
    kvm: hypervisor.kind === "kvm",
    xen: hypervisor.kind === "xen",
    vmware: hypervisor.kind === "vmware",
    "virtual-machine": hypervisor.kind !== "none",
    "cpu-known": true,
    "cpu-known-to-rr": intel || cpu.family === 0x19,
    "yama-restricted": (kernel.ptraceScope ?? 0) >= 2,
    "hardware-ticks": counts && !(hypervisor.kind === "xen" && hypervisor.pmiOvercounts),
  };
}

const STATES = new Map<boolean | undefined, string>([
  [true, "yes"],
  [false, "no"],
  [undefined, "unknown"],
]);

test(`probes find what ${HOSTS} invented hosts have, and no more`, () => {
  for (let seed = 1; seed <= HOSTS; seed++) {
    const profile = invent(seed);
    const found: Capabilities = capabilitiesOf(describedHost(createHostModel(profile)));
    for (const [name, has] of Object.entries(expected(profile))) {
      const finding = found.get(name);
      const where = `${name} of host ${seed}: ${finding?.evidence}; ${JSON.stringify(profile)}`;
      assertEquals(finding?.state, STATES.get(has), where);
    }
  }
});

test("kvm-in-txcp-bug is found where IN_TXCP can be used on a KVM host without the fix, and nowhere else", () => {
  let buggy = 0;
  for (let seed = 1; seed <= 5 * HOSTS; seed++) {
    const profile = invent(seed);
    const { hypervisor } = profile;
    const found = capabilitiesOf(describedHost(createHostModel(profile)), ["kvm-in-txcp-bug"]);
    const unfixed =
      hypervisor.kind === "kvm" && !hypervisor.inTxCpFix && found.get("in-txcp")?.state === "yes";
    const finding = found.get("kvm-in-txcp-bug");
    assertEquals(finding?.state === "yes", unfixed, `host ${seed}: ${finding?.evidence}`);
    if (unfixed) buggy++;
  }
  assert(buggy > 5, `${buggy} hosts with the bug`);
});
