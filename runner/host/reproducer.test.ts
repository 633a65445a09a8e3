/**
 * The upstream report (https://github.com/rr-debugger/rr/issues/1952) as straight runs, on every host that is described
 * here: no profile says what comes out, all of it follows from what the hosts are.
 */
import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { createHostModel, type HostProfile } from "../../engine/host/mod.ts";
import {
  CORES,
  type CoreEvents,
  encodePerfAttr,
  errnoInfo,
  IN_TX,
  IN_TXCP,
  microarchitecture,
  PERF_IOC,
  PERF_TYPE,
  type PerfStep,
} from "../../ffi/mod.ts";
import { describedHost } from "./described.ts";
import { loadProfile, profileNames } from "./profiles.ts";

type Outcome = number | string;

/** Raw config of the tick. */
function ticksOf({ cpu }: HostProfile): bigint {
  const line = microarchitecture(cpu);
  // A guest that is told nothing of its processor has no counters either.
  if (line === undefined) return 0n;
  const events: CoreEvents = CORES[line.core];
  return (events["retired-conditional-branches"] ?? events["retired-branches"])!;
}

/** What is counted of some steps on a host that is right after its start; or why there is no counter. */
function outcome(name: string, bits: bigint, steps: (fd: number) => PerfStep[]): Outcome {
  const profile = loadProfile(name);
  const host = describedHost(createHostModel(profile));
  using encoded = encodePerfAttr({
    type: PERF_TYPE.RAW,
    config: ticksOf(profile) | bits,
    flags: ["exclude_kernel", "exclude_guest"],
  });
  const fd = host.perf.open(encoded.u8, 0, -1, -1, 0);
  if (fd < 0) return errnoInfo(-fd).code;
  const into = new BigUint64Array(1);
  const failed = host.perf.run([...steps(fd), { do: "read", fd, into }]).find((result) => result < 0);
  return failed === undefined ? Number(into[0]) : errnoInfo(-failed).code;
}

const branches = (count: number): PerfStep => ({ do: "branches", count });
const ioctl = (fd: number, request: "ENABLE" | "DISABLE"): PerfStep => ({
  do: "ioctl",
  fd,
  request: PERF_IOC[request],
  argument: 0,
});
/** Between perf_event_open and the first ioctl a C library runs a branch or two. */
const BETWEEN = branches(2);

const CASES = {
  "reproducer: disabled and enabled, then 500": [
    IN_TXCP,
    (fd: number) => [BETWEEN, ioctl(fd, "DISABLE"), ioctl(fd, "ENABLE"), branches(500)],
  ],
  "fresh counter, 500 in one go": [IN_TXCP, () => [branches(500)]],
  "200, scheduled away and back, 300": [IN_TXCP, () => [branches(200), { do: "reschedule" }, branches(300)]],
  "plain counter, scheduled away": [0n, () => [branches(200), { do: "reschedule" }, branches(300)]],
  "guard: 400 outside of transactions": [IN_TX, () => [branches(400), { do: "reschedule" }]],
} as const satisfies Record<string, readonly [bigint, (fd: number) => PerfStep[]]>;

/** Outcomes in the order of the cases. */
const EXPECTED: Readonly<Record<string, readonly Outcome[]>> = {
  "alder-lake": [502, 500, 500, 500, 400],
  // On aarch64 an event has sixteen bits: the others are masked in silence.
  "ampere-altra": [502, 500, 500, 500, 400],
  "ampere-one": [502, 500, 500, 500, 400],
  "apple-m-vm": ["ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT"],
  "arrow-lake-h": [502, 500, 500, 500, 400],
  "aws-c5-9xlarge": [502, 500, 500, 500, 0],
  "azure-d4s-v5": ["ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT"],
  "clearwater-forest": [502, 500, 500, 500, 400],
  "cloud-no-pmu": ["ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT"],
  "docker-seccomp": ["EPERM", "EPERM", "EPERM", "EPERM", "EPERM"],
  firecracker: ["ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT"],
  "gce-c4": [502, 500, 500, 500, 0],
  // The filter lets seven events through, and none of them is the tick.
  "gce-c4-architectural": [0, 0, 0, 0, 0],
  "github-actions": ["EACCES", "EACCES", "EACCES", "EACCES", "EACCES"],
  "gitlab-saas": ["EPERM", "EPERM", "EPERM", "EPERM", "EPERM"],
  "granite-rapids": [502, 500, 500, 500, 0],
  graviton2: [502, 500, 500, 500, 400],
  graviton3: [502, 500, 500, 500, 400],
  graviton4: [502, 500, 500, 500, 400],
  gvisor: ["ENODEV", "ENODEV", "ENODEV", "ENODEV", "ENODEV"],
  haswell: [502, 500, 500, 500, 0],
  "haswell-6.12": [502, 500, 500, 500, 400],
  // The kernel refuses events that only count.
  "haswell-6.14": ["EINVAL", "EINVAL", "EINVAL", "EINVAL", "EINVAL"],
  "haswell-kvm-4.7": [2, 500, 200, 500, 0],
  // The only counter that can be checkpointed is one of those that the host has given to others.
  "haswell-kvm-few-counters": [0, 0, 0, 500, 0],
  "haswell-kvm-fixed": [502, 500, 500, 500, 0],
  "haswell-kvm-nested": [2, 500, 200, 500, 0],
  "haswell-kvm-spurious-hle": [2, 500, 200, 500, 0],
  // Without TSX the kernel masks both bits in silence: plain counters.
  "haswell-vmware": [502, 500, 500, 500, 400],
  "haswell-xen-pmi": [502, 500, 500, 500, 400],
  "hyper-v": [502, 500, 500, 500, 400],
  "ice-lake": [502, 500, 500, 500, 0],
  knl: [502, 500, 500, 500, 400],
  "kvm-mediated-vpmu": [502, 500, 500, 500, 0],
  "lunar-lake": [502, 500, 500, 500, 400],
  "panther-lake": [502, 500, 500, 500, 400],
  "paranoid-4": ["EACCES", "EACCES", "EACCES", "EACCES", "EACCES"],
  "raptor-lake-unpinned": [502, 500, 500, 500, 400],
  "sandy-bridge-kvm": [502, 500, 500, 500, 400],
  "sapphire-rapids": [502, 500, 500, 500, 0],
  "sierra-forest": [502, 500, 500, 500, 400],
  "skylake-tsx-off": [502, 500, 500, 500, 400],
  // On AMD the bits belong to the event's number: another event, which never happens here.
  zen3: [0, 0, 0, 500, 0],
  "zen3-spec-lock-map": [0, 0, 0, 500, 0],
  zen4: [0, 0, 0, 500, 0],
  "zen5-client": [0, 0, 0, 500, 0],
  "zen5-turin": [0, 0, 0, 500, 0],
  "zen5-turin-5.15": [0, 0, 0, 500, 0],
  zen6: [0, 0, 0, 500, 0],
};

test("the table has every described host", () => {
  assertEquals(Object.keys(EXPECTED).sort(), profileNames());
});

test.each(Object.entries(EXPECTED))("the reproducer on %s", (name, expected) => {
  const outcomes = Object.values(CASES).map(([bits, steps]) => outcome(name, bits, steps));
  assertEquals(outcomes, [...expected]);
});

test("the host of the bug logs one line for all refusals, which its guest does not see", () => {
  const model = createHostModel(loadProfile("haswell-kvm-4.7"));
  const host = describedHost(model);
  using encoded = encodePerfAttr({ type: 4, config: IN_TXCP | 0x5101c4n, flags: ["exclude_kernel"] });
  const fd = host.perf.open(encoded.u8, 0, -1, -1, 0);
  for (let round = 0; round < 3; round++)
    host.perf.run([branches(10), ioctl(fd, "DISABLE"), ioctl(fd, "ENABLE")]);
  assertEquals(model.hypervisorLog, ["kvm_pmu: event creation failed -95"]);
  assertEquals(model.kernelLog, []);
});
