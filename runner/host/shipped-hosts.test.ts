/** What the probes find on the described hosts that come with tickproof, and which engine could run there. */
import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fakeHost, rrOf } from "./_fake-host.ts";
import { loadDescribedHost } from "./described.ts";
import { type Examination, examine } from "./examination.ts";
import { profileNames } from "./profiles.ts";

/** Problems that are found on each host. */
const PROBLEMS: Readonly<Record<string, readonly string[]>> = {
  "alder-lake": [],
  "ampere-altra": ["x86-64"],
  "ampere-one": ["x86-64"],
  "apple-m-vm": ["x86-64", "cpu-known", "cpu-known-to-rr", "context-switch-events", "hardware-events"],
  "arrow-lake-h": [],
  "aws-c5-9xlarge": ["context-switch-events"],
  "azure-d4s-v5": ["context-switch-events", "hardware-events"],
  "clearwater-forest": ["cpu-known-to-rr"],
  "cloud-no-pmu": ["context-switch-events", "hardware-events"],
  "docker-seccomp": ["perf-allowed"],
  firecracker: ["context-switch-events", "hardware-events"],
  "gce-c4": [],
  "gce-c4-architectural": ["pmu"],
  "github-actions": ["perf-allowed"],
  "gitlab-saas": ["perf-allowed"],
  "granite-rapids": [],
  graviton2: ["x86-64"],
  graviton3: ["x86-64"],
  graviton4: ["x86-64"],
  gvisor: ["perf-allowed", "kernel-recent"],
  haswell: ["kernel-recent"],
  "haswell-6.12": [],
  "haswell-6.14": ["hardware-events"],
  "haswell-kvm-4.7": ["kvm-in-txcp-bug", "kernel-recent"],
  "haswell-kvm-few-counters": ["multiplexing", "in-txcp-refused", "kernel-recent"],
  "haswell-kvm-fixed": ["kernel-recent"],
  "haswell-kvm-nested": ["kvm-in-txcp-bug"],
  "haswell-kvm-spurious-hle": ["kvm-in-txcp-bug", "kernel-recent"],
  "haswell-vmware": ["context-switch-events"],
  "haswell-xen-pmi": ["xen-pmi-overcount", "kernel-recent"],
  "hyper-v": ["context-switch-events"],
  "ice-lake": [],
  knl: ["multiplexing", "kernel-recent"],
  "kvm-mediated-vpmu": [],
  "lunar-lake": [],
  "panther-lake": ["cpu-known-to-rr"],
  "paranoid-4": ["perf-allowed"],
  "raptor-lake-unpinned": [],
  "sandy-bridge-kvm": ["kernel-recent"],
  "sapphire-rapids": [],
  "sierra-forest": ["cpu-known-to-rr"],
  "skylake-tsx-off": [],
  zen3: [],
  "zen3-spec-lock-map": ["spec-lock-map", "rr-accepts-processor"],
  zen4: [],
  "zen5-client": [],
  "zen5-turin": ["cpu-known-to-rr", "context-switch-events"],
  "zen5-turin-5.15": ["cpu-known-to-rr"],
  zen6: [],
};

/** Further findings, one host a line. */
const FINDINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cloud-no-pmu": { pmu: "no", kvm: "yes", "kvm-in-txcp-bug": "unknown", "host-kernel-visible": "no" },
  haswell: { pmu: "yes", hle: "yes", "hle-ignored": "no", "in-txcp": "yes", "virtual-machine": "no" },
  "haswell-kvm-4.7": { pmu: "yes", hle: "yes", "in-tx": "yes", "hardware-ticks": "yes" },
  "haswell-kvm-fixed": { "kvm-in-txcp-bug": "no", "in-txcp": "yes" },
  "haswell-vmware": { vmware: "yes", pmu: "yes", "hle-ignored": "yes" },
  "haswell-xen-pmi": { xen: "yes", pmu: "yes", "hardware-ticks": "no", "host-kernel-visible": "yes" },
  "ice-lake": { rtm: "yes", hle: "no", "in-txcp": "yes", "smi-counted": "no" },
  knl: { pmu: "yes", "single-counter": "no", "in-txcp": "no" },
  "paranoid-4": { "hardware-events": "no", "kvm-in-txcp-bug": "unknown" },
  "sandy-bridge-kvm": { "in-txcp": "no", "in-txcp-refused": "no", "kvm-in-txcp-bug": "no" },
  "skylake-tsx-off": { "tsx-disabled": "yes", "tsx-always-aborts": "yes", "hle-ignored": "yes" },
  zen3: { pmu: "yes", "in-txcp": "no", "spec-lock-map": "no" },
  "zen5-turin": { "cpu-known": "yes", pmu: "yes", "rr-switch-records": "yes" },
  "zen5-turin-5.15": { "cpu-known": "yes", pmu: "yes", "rr-switch-records": "no" },
  "haswell-6.12": { "rr-period": "yes", "smi-counted": "no" },
  graviton2: {
    "lse-atomics": "yes",
    "exclusives-counted": "yes",
    "user-mode-counters": "no",
    kvm: "yes",
    pmu: "yes",
  },
  graviton3: { "user-mode-counters": "yes", "virtual-machine": "no", "hardware-ticks": "yes" },
  "apple-m-vm": { "lse-atomics": "yes", "virtual-machine": "yes", kvm: "no" },
};

/** Hosts on which rr can't run, and why. */
const NOT_FOR_RR: Readonly<Record<string, readonly string[]>> = {
  "apple-m-vm": ["cpu-known-to-rr", "hardware-events"],
  "aws-c5-9xlarge": ["context-switch-events"],
  "azure-d4s-v5": ["context-switch-events", "hardware-events"],
  "clearwater-forest": ["cpu-known-to-rr"],
  "cloud-no-pmu": ["context-switch-events", "hardware-events"],
  "docker-seccomp": ["perf-allowed"],
  firecracker: ["context-switch-events", "hardware-events"],
  "github-actions": ["perf-allowed"],
  "gitlab-saas": ["perf-allowed"],
  gvisor: ["perf-allowed"],
  "gce-c4-architectural": ["pmu"],
  "haswell-6.14": ["hardware-events"],
  "haswell-vmware": ["context-switch-events"],
  "haswell-xen-pmi": ["xen-pmi-overcount"],
  "hyper-v": ["context-switch-events"],
  "panther-lake": ["cpu-known-to-rr"],
  "paranoid-4": ["perf-allowed"],
  "sierra-forest": ["cpu-known-to-rr"],
  "zen3-spec-lock-map": ["rr-accepts-processor"],
  // Context switches can't be counted there either, which rr can do without from 5.9.0 on on such a kernel.
  "zen5-turin": ["cpu-known-to-rr"],
  "zen5-turin-5.15": ["cpu-known-to-rr"],
};

/** What a host with an rr of that version says of its programs. */
function rrHost(version: string) {
  const { findProgram, execute } = fakeHost(rrOf(version));
  return { findProgram, execute };
}

const examinations = new Map<string, Examination>(
  profileNames().map((name) => [name, examine(loadDescribedHost(name))]),
);

test("hybrid processors are judged by rr's release, and by whether programs are kept on performance cores", () => {
  const limits = (name: string, version: string) => {
    const { verdicts } = examine({ ...loadDescribedHost(name), ...rrHost(version) });
    return verdicts.find(({ engine }) => engine === "rr")?.limits.map(({ capability }) => capability);
  };
  assertEquals(limits("raptor-lake-unpinned", "5.9.0"), ["rr-core-kind"]);
  assertEquals(limits("raptor-lake-unpinned", "5.10.0"), []);
  for (const pinned of ["alder-lake", "arrow-lake-h", "panther-lake"])
    assertEquals(limits(pinned, "5.9.0"), []);
});

test("every shipped host is in the table of problems", () => {
  assertEquals([...examinations.keys()], Object.keys(PROBLEMS).sort());
});

for (const [name, { problems, capabilities, verdicts }] of examinations) {
  test(`${name}: the probes find its problems and nothing else`, () => {
    assertEquals(
      problems.map(({ probe }) => probe.name),
      [...(PROBLEMS[name] ?? [])],
    );
    for (const [capability, state] of Object.entries(FINDINGS[name] ?? {})) {
      const finding = capabilities.get(capability);
      assertEquals(finding?.state, state, `${capability}: ${finding?.evidence}`);
    }
  });

  test(`${name}: the verdict on each engine names what keeps it from running`, () => {
    const obstacles = Object.fromEntries(
      verdicts.map(({ engine, obstacles }) => [engine, obstacles.map(({ capability }) => capability)]),
    );
    const foreign = problems.some(({ probe }) => probe.name === "x86-64");
    assertEquals(obstacles, { embedded: foreign ? ["x86-64"] : [], rr: [...(NOT_FOR_RR[name] ?? [])] });
  });
}

test("haswell-kvm-4.7: the evidence has the numbers of the loss, and the hle test is concerned", () => {
  const bug = examinations
    .get("haswell-kvm-4.7")
    ?.problems.find(({ probe }) => probe.name === "kvm-in-txcp-bug");
  assertEquals(bug?.finding.evidence, "312 of 500 branches counted");
  assertEquals(bug?.probe.gates.tests, ["hle"]);
});

test("zen5-turin: the evidence has the processor that rr does not know", () => {
  const evidence = examinations.get("zen5-turin")?.capabilities.get("cpu-known-to-rr")?.evidence ?? "";
  assertStringIncludes(evidence, "AuthenticAMD family 0x1a model 0x02");
});
