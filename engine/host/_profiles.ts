/** Profiles that tests change in one point: a Haswell on hardware, and what a hypervisor makes of it. */
import type { HostProfile, Hypervisor } from "./profile.ts";

export const HASWELL: HostProfile = {
  name: "test-haswell",
  description: "a Haswell for tests",
  sources: [],
  cpu: {
    vendor: "GenuineIntel",
    name: "Intel(R) Core(TM) i7-4770 CPU @ 3.40GHz",
    family: 6,
    model: 0x3c,
    stepping: 3,
    cores: 4,
    tsx: { hle: true, rtm: true, alwaysAborts: false },
    specLockMap: false,
  },
  pmu: { counters: 4, fixedCounters: 3, width: 48, version: 3, skid: 100, taken: 0, freezeOnSmi: undefined },
  hypervisor: { kind: "none" },
  kernel: {
    release: "4.9.0",
    perfEventParanoid: 1,
    perfEventMaxSampleRate: 100_000,
    perfCpuTimeMaxPercent: 25,
    privileged: false,
    perfEventRestrictsFrom: 4,
    ptraceScope: 1,
    periodTakesEffectLate: false,
  },
};

/** KVM with a host kernel before the fix. */
export const KVM: Extract<Hypervisor, { kind: "kvm" }> = {
  kind: "kvm",
  hostKernel: "4.7.0",
  vpmu: true,
  counters: 4,
  fixedCounters: 3,
  inTxCpFix: false,
};

/** Parts of a profile that are other than those of {@link HASWELL}. */
export type Changes = { readonly [Part in "cpu" | "pmu" | "kernel"]?: Partial<HostProfile[Part]> } & {
  readonly hypervisor?: Hypervisor;
};

/** The Haswell with changes. */
export function haswell({ cpu, pmu, kernel, hypervisor = HASWELL.hypervisor }: Changes = {}): HostProfile {
  return {
    ...HASWELL,
    cpu: { ...HASWELL.cpu, ...cpu },
    pmu: { ...HASWELL.pmu, ...pmu },
    kernel: { ...HASWELL.kernel, ...kernel },
    hypervisor,
  };
}
