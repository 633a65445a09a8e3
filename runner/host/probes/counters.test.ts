import { test } from "bun:test";
import { assertStringIncludes } from "@std/assert";
import { ERRNO, IN_TX, IN_TXCP, PERF_TYPE } from "../../../ffi/mod.ts";
import { type FakeEvent, type FakeHost, type FakePmu, fakeHost, rrOf } from "../_fake-host.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { expectFindings } from "./_expect.ts";

const HLE = 1 << 4;
const RTM = 1 << 11;
const PARANOID = "/proc/sys/kernel/perf_event_paranoid";
const RATE = "/proc/sys/kernel/perf_event_max_sample_rate";

const hardware = (event: FakeEvent) => event.type !== PERF_TYPE.SOFTWARE;
const noPmu: FakePmu = { refuse: (event) => (hardware(event) ? ERRNO.ENOENT : 0) };
const forbidden: FakePmu = { refuse: () => ERRNO.EACCES };
const noIntel = { processor: "zen3" } as const;

/** Refuses a bit of transactional memory. */
const refuseBit = (bit: bigint): FakePmu => ({
  refuse: ({ config }) => ((config & bit) === 0n ? 0 : ERRNO.EINVAL),
});

test("perf-allowed goes by what perf_event_open answers, and tells the level", () => {
  expectFindings("perf-allowed", [
    [{ files: { [PARANOID]: "2\n" } }, "yes", "level is 2;"],
    [{ files: { [PARANOID]: "4\n" }, pmu: forbidden }, "no", "level is 4; perf_event_open: EACCES"],
    [{ pmu: { refuse: () => ERRNO.ENOSYS } }, "no", "has no counters; perf_event_open: ENOSYS"],
  ]);
});

test("software-events wants a clock that runs", () => {
  expectFindings("software-events", [
    [{}, "yes", "task-clock counted 1,000 ns"],
    [{ pmu: { refuse: () => ERRNO.ENOSYS } }, "no", "perf-allowed is no"],
    [{ pmu: forbidden }, "no", "perf-allowed is no"],
  ]);
});

test("context-switch-events counts around a sleep", () => {
  expectFindings("context-switch-events", [
    [{}, "yes", "1 switch around one sleep"],
    [{ pmu: { refuse: ({ config }) => (config === 3n ? ERRNO.EACCES : 0) } }, "no", "EACCES"],
  ]);
});

test("rr-switch-records is yes for an rr and a kernel that do without counting switches", () => {
  const kernel = (release: string) => ({ files: { "/proc/sys/kernel/osrelease": `${release}\n` } });
  expectFindings("rr-switch-records", [
    [{ ...kernel("6.12.0"), ...rrOf("5.9.0") }, "yes", "rr 5.9.0 hears of them by records"],
    [{ ...kernel("6.12.0"), ...rrOf("5.6.0") }, "no", "rr 5.6.0 counts context switches"],
    [{ ...kernel("6.1.0"), ...rrOf("5.9.0") }, "no", "older than 6.10"],
    [
      { ...kernel("6.12.0"), pmu: { refuse: ({ config }) => (config === 9n ? ERRNO.EINVAL : 0) } },
      "no",
      "EINVAL",
    ],
  ]);
});

test("rr-period goes by what the kernel takes, and by rr's version", () => {
  const least = { pmu: { leastPeriod: 32 } };
  expectFindings("rr-period", [
    [{}, "yes", "a period of 1 is taken"],
    [{ ...least, ...rrOf("5.9.0") }, "yes", "rr 5.9.0 takes 32"],
    [{ ...least, ...rrOf("5.8.0") }, "no", "rr 5.8.0 asks for no other"],
    [{ pmu: { leastPeriod: 64 } }, "no", "and so is one of 32"],
  ]);
});

test("rr-accepts-processor: newer versions refuse what older ones warn of", () => {
  const locks: FakeHost = { processor: "zen3", pmu: { lockCommits: 1 } };
  const smi: FakeHost = { processor: "cometLake", files: { "/sys/devices/cpu/freeze_on_smi": "0\n" } };
  expectFindings("rr-accepts-processor", [
    [{}, "yes", "neither"],
    [{ ...locks, ...rrOf("5.9.0") }, "yes", "rr 5.9.0 warns of spec-lock-map"],
    [{ ...locks, ...rrOf("5.10.0") }, "no", "rr 5.10.0 refuses spec-lock-map"],
    [{ ...smi, ...rrOf("5.10.0") }, "no", "refuses smi-counted"],
  ]);
});

test("perf-allowed tells what helps at the levels of a distribution's patch", () => {
  const remedy = (level: number) => {
    const host = fakeHost({ files: { [PARANOID]: `${level}\n` }, pmu: forbidden });
    return capabilitiesOf(host, ["perf-allowed"]).get("perf-allowed")?.remedy ?? "";
  };
  for (const level of [3, 4]) assertStringIncludes(remedy(level), "CAP_PERFMON does not help here");
  assertStringIncludes(remedy(2), "seccomp profile");
});

test("hardware-events is no where the kernel has no PMU", () => {
  expectFindings("hardware-events", [
    [{}, "yes", "succeeds"],
    [{ pmu: noPmu }, "no", "no PMU: perf_event_open of cycles: ENOENT"],
    [{ pmu: { refuse: (event) => (hardware(event) ? ERRNO.EBUSY : 0) } }, "no", "EBUSY"],
    [{ pmu: forbidden }, "no", "perf-allowed is no"],
  ]);
});

test("pmu wants exactly as many ticks as there were branches", () => {
  expectFindings("pmu", [
    [{}, "yes", "500 of 500 branches counted"],
    [{ pmu: { counts: () => 0 } }, "no", "0 of 500"],
    [{ pmu: { counts: (_event, branches) => branches + 1 } }, "no", "501 of 500"],
    [{ pmu: { counts: (_event, branches) => branches - 1 } }, "no", "499 of 500"],
    [{ pmu: noPmu }, "no", "hardware-events is no"],
    [{ processor: "futureIntel" }, "unknown", "the event of ticks is not known"],
    [{ pmu: { refuse: ({ type }) => (type === PERF_TYPE.RAW ? ERRNO.EINVAL : 0) } }, "no", "0x1c4: EINVAL"],
  ]);
});

test("single-counter is yes where cycles stay 0 beside ticks", () => {
  expectFindings("single-counter", [
    [{ pmu: { counters: 1 } }, "yes", "0 cycles counted beside 500 ticks"],
    [{ pmu: { counters: 2 } }, "no", "500 cycles"],
    [{ pmu: noPmu }, "unknown", "pmu is no"],
  ]);
});

test("multiplexing is yes where an event is enabled and does not run, whether its times tell or not", () => {
  expectFindings("multiplexing", [
    [{ pmu: { counters: 2 } }, "yes", "2 of 3 events counted all the time"],
    [{ pmu: { counters: 3 } }, "no", "3 of 3 events counted all the time"],
    [{ pmu: { counters: 2, hiddenLoss: true } }, "yes", "2 of 3 events counted all the time"],
    [{ pmu: noPmu }, "unknown", "pmu is no"],
  ]);
});

test("in-txcp says whether checkpointed counters open and count", () => {
  const deaf: FakePmu = { counts: ({ config }, branches) => ((config & IN_TXCP) === 0n ? branches : 0) };
  expectFindings("in-txcp", [
    [{ features: { ebx: HLE } }, "yes", "500 of 500"],
    [{ features: { ebx: RTM } }, "yes", "500 of 500"],
    // Opens and counts, since the kernel masks the bit.
    [{}, "no", "no transactions"],
    [{ processor: "sandyBridge" }, "no", "no transactions"],
    [{ features: { ebx: HLE }, pmu: refuseBit(IN_TXCP) }, "no", "0x2000001c4: EINVAL"],
    [{ features: { ebx: HLE }, pmu: deaf }, "no", "0 of 500"],
    [noIntel, "no", "only processors of Intel"],
  ]);
});

test("in-tx wants a guard that stays 0 outside of transactions", () => {
  expectFindings("in-tx", [
    [{ features: { ebx: RTM } }, "yes", "0 of 500 branches outside"],
    [{}, "no", "no transactions"],
    [{ features: { ebx: RTM }, pmu: refuseBit(IN_TX) }, "no", "0x1000001c4: EINVAL"],
    [noIntel, "no", "only processors of Intel"],
  ]);
});

test("in-txcp-refused is yes for processors with TSX only", () => {
  expectFindings("in-txcp-refused", [
    [{ features: { ebx: HLE }, pmu: refuseBit(IN_TXCP) }, "yes", "hle present; perf_event_open of"],
    [{ features: { ebx: HLE } }, "no", "500 of 500"],
    [{ pmu: refuseBit(IN_TXCP) }, "no", "no transactions"],
    [{ features: { ebx: HLE }, pmu: noPmu }, "unknown", "pmu is no"],
  ]);
});

test("kvm-in-txcp-bug loses what comes after DISABLE and ENABLE, and tells how much", () => {
  expectFindings("kvm-in-txcp-bug", [
    [{ features: { ebx: HLE }, pmu: { kvmBug: true } }, "yes", "312 of 500 branches counted"],
    [{ features: { ebx: HLE } }, "no", "500 of 500 branches counted"],
    [{}, "no", "IN_TXCP can't be used"],
    [{ processor: "sandyBridge", pmu: refuseBit(IN_TXCP) }, "no", "IN_TXCP can't be used"],
    [noIntel, "no", "IN_TXCP can't be used"],
    [{ pmu: noPmu }, "unknown", "pmu is no"],
  ]);
});

test("xen-pmi-overcount is yes where an overflow adds ticks", () => {
  expectFindings("xen-pmi-overcount", [
    [{ pmu: { overcount: 23 } }, "yes", "523 of 500"],
    [{}, "no", "500 of 500"],
    [{ pmu: { refuse: ({ period }) => (period > 0n ? ERRNO.EOPNOTSUPP : 0) } }, "unknown", "EOPNOTSUPP"],
  ]);
});

test("ioc-period-late is yes where a new period does not overflow; 32 will do where 1 is refused", () => {
  expectFindings("ioc-period-late", [
    [{ pmu: { periodLate: true } }, "yes", "after the period was set to 1"],
    [{}, "no", "a period of 1 overflows at once"],
    [{ pmu: { leastPeriod: 32 } }, "no", "a period of 32"],
    [{ pmu: { leastPeriod: 33 } }, "unknown", "refuses 1 and 32"],
  ]);
});

test("spec-lock-map is yes where a locked addition is committed speculatively", () => {
  expectFindings("spec-lock-map", [
    [{ processor: "zen3", pmu: { lockCommits: 1 } }, "yes", "1 committed"],
    [{ processor: "zen3" }, "no", "0 committed"],
    [{ processor: "haswell", pmu: { lockCommits: 1 } }, "no", "not an AMD Zen"],
    [
      { processor: "zen3", pmu: { refuse: ({ config }) => ((config & 0xffffn) === 0x0825n ? 22 : 0) } },
      "unknown",
      "EINVAL",
    ],
  ]);
});

test("smi-counted reads freeze_on_smi where it matters", () => {
  const file = "/sys/devices/cpu/freeze_on_smi";
  expectFindings("smi-counted", [
    [{ processor: "cometLake", files: { [file]: "0\n" } }, "yes", "is 0"],
    [{ processor: "cometLake", files: { [file]: "1\n" } }, "no", "is 1"],
    [{ processor: "cometLake", files: { "/sys/devices/cpu_core/freeze_on_smi": "0" } }, "yes", "cpu_core"],
    [{ processor: "cometLake" }, "unknown", "no freeze_on_smi"],
    [{ processor: "haswell", files: { [file]: "0\n" } }, "no", "older than Comet Lake"],
    [{ processor: "zen3" }, "no", "not an Intel"],
  ]);
});

test("throttled goes by the sampling rate and by the kernel's log", () => {
  const slow =
    "[  166.4] perf: interrupt took too long (2503 > 2500), lowering kernel.perf_event_max_sample_rate";
  const nmi = "[  166.4] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 5.089 msecs";
  expectFindings("throttled", [
    [{ files: { [RATE]: "100000\n" }, log: [] }, "no", "the kernel's log is quiet"],
    [{ files: { [RATE]: "100000\n" } }, "no", "log can't be read"],
    [{ files: { [RATE]: "3250\n" } }, "yes", "is 3,250 (100,000 by default)"],
    [{ files: { [RATE]: "79750\n" }, log: [slow, "[  170.0] other"] }, "yes", slow],
    [{ files: { [RATE]: "100000\n" }, log: [nmi] }, "yes", nmi],
    [{}, "unknown", "can't be read"],
  ]);
});

test("hardware-ticks follows from pmu and xen-pmi-overcount", () => {
  expectFindings("hardware-ticks", [
    [{}, "yes", "pmu: 500 of 500 branches counted; xen-pmi-overcount: 500 of 500"],
    [{ pmu: { overcount: 1 } }, "no", "xen-pmi-overcount: 501 of 500"],
    [{ pmu: noPmu }, "no", "pmu: can't be measured"],
    [{ processor: "futureIntel" }, "unknown", "pmu is not known"],
  ]);
});
