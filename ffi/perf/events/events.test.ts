import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describedFacts } from "../_fixtures.ts";
import { IN_TX, IN_TXCP, PERF_TYPE } from "../constants.ts";
import type { HostFacts } from "../facts.ts";
import { EventNameError } from "./error.ts";
import { microarchitecture } from "./microarchitectures.ts";
import { eventNames, resolveEvent, resolveEvents } from "./mod.ts";
import { processorId } from "./processor.ts";

const HASWELL = describedFacts("GenuineIntel", [6, 0x3c, 3], {}, true);
const TURIN = describedFacts("AuthenticAMD", [0x1a, 0x02, 1]);
const SOURCES = "/sys/bus/event_source/devices";

/** A hybrid processor with two PMUs. */
const ARROW_LAKE = describedFacts("GenuineIntel", [6, 0xc6, 2], {
  [`${SOURCES}/cpu_core/type`]: "4\n",
  [`${SOURCES}/cpu_core/format/event`]: "config:0-7\n",
  [`${SOURCES}/cpu_core/format/umask`]: "config:8-15,40-47\n",
  [`${SOURCES}/cpu_atom/type`]: "10\n",
  [`${SOURCES}/cpu_atom/format/event`]: "config:0-7\n",
  [`${SOURCES}/cpu_atom/format/umask`]: "config:8-15,40-47\n",
});

/** A server with a PMU, and one of its package. */
const SKYLAKE_X = describedFacts("GenuineIntel", [6, 0x55, 4], {
  [`${SOURCES}/cpu/type`]: "4\n",
  [`${SOURCES}/cpu/format/event`]: "config:0-7\n",
  [`${SOURCES}/cpu/format/umask`]: "config:8-15\n",
  [`${SOURCES}/cpu/format/ldlat`]: "config1:0-15\n",
  [`${SOURCES}/cpu/format/in_tx`]: "config:32\n",
  [`${SOURCES}/cpu/events/mem-loads`]: "event=0xcd,umask=0x1,ldlat=3\n",
  [`${SOURCES}/power/type`]: "22\n",
  [`${SOURCES}/power/cpumask`]: "0,28-29\n",
  [`${SOURCES}/power/format/event`]: "config:0-7\n",
  [`${SOURCES}/power/events/energy-pkg`]: "event=0x02\n",
  [`${SOURCES}/power/events/energy-pkg.unit`]: "Joules\n",
  [`${SOURCES}/power/events/energy-pkg.scale`]: "2.3283064365386962890625e-10\n",
  "/sys/kernel/tracing/events/sched/sched_switch/id": "318\n",
});

/** type and config of the tick of a processor. */
function tick(vendor: string, id: readonly [number, number, number]): [number, bigint] {
  const { attr } = resolveEvent("retired-conditional-branches", describedFacts(vendor, id));
  return [attr.type, BigInt(attr.config)];
}

/** Asserts an EventNameError with these words. */
function refuses(name: string, host: HostFacts, words: string): void {
  assertThrows(() => resolveEvent(name, host), EventNameError, words);
}

test.each([
  ["Nehalem", "GenuineIntel", 6, 0x1a, 5, 0x01c4n],
  ["Westmere", "GenuineIntel", 6, 0x2c, 2, 0x01c4n],
  ["Sandy Bridge", "GenuineIntel", 6, 0x2a, 7, 0x01c4n],
  ["Ivy Bridge", "GenuineIntel", 6, 0x3e, 4, 0x01c4n],
  ["Haswell", "GenuineIntel", 6, 0x3c, 3, 0x01c4n],
  ["Broadwell", "GenuineIntel", 6, 0x4f, 1, 0x01c4n],
  ["Skylake-X", "GenuineIntel", 6, 0x55, 4, 0x01c4n],
  ["Cascade Lake", "GenuineIntel", 6, 0x55, 7, 0x01c4n],
  ["Cooper Lake", "GenuineIntel", 6, 0x55, 11, 0x01c4n],
  ["Kaby Lake", "GenuineIntel", 6, 0x9e, 9, 0x01c4n],
  ["Coffee Lake", "GenuineIntel", 6, 0x9e, 13, 0x01c4n],
  ["Comet Lake", "GenuineIntel", 6, 0xa5, 5, 0x01c4n],
  ["Ice Lake", "GenuineIntel", 6, 0x6a, 6, 0x11c4n],
  ["Rocket Lake", "GenuineIntel", 6, 0xa7, 1, 0x11c4n],
  ["Tiger Lake", "GenuineIntel", 6, 0x8c, 1, 0x11c4n],
  ["Sapphire Rapids", "GenuineIntel", 6, 0x8f, 8, 0x11c4n],
  ["Emerald Rapids", "GenuineIntel", 6, 0xcf, 2, 0x11c4n],
  ["Granite Rapids", "GenuineIntel", 6, 0xad, 1, 0x11c4n],
  ["Silvermont", "GenuineIntel", 6, 0x37, 8, 0x7ec4n],
  ["Knights Landing", "GenuineIntel", 6, 0x57, 1, 0x7ec4n],
  ["Goldmont Plus", "GenuineIntel", 6, 0x7a, 1, 0x7ec4n],
  ["Tremont", "GenuineIntel", 6, 0x96, 1, 0x7ec4n],
  ["Alder Lake-N", "GenuineIntel", 6, 0xbe, 0, 0x7ec4n],
  ["Sierra Forest", "GenuineIntel", 6, 0xaf, 3, 0x7ec4n],
  ["Zen", "AuthenticAMD", 0x17, 0x01, 2, 0xd1n],
  ["Zen+", "AuthenticAMD", 0x17, 0x08, 2, 0xd1n],
  ["Zen 2", "AuthenticAMD", 0x17, 0x31, 0, 0xd1n],
  ["Zen 3", "AuthenticAMD", 0x19, 0x01, 1, 0xd1n],
  ["Zen 4", "AuthenticAMD", 0x19, 0x11, 1, 0xd1n],
  ["EPYC Turin (Zen 5)", "AuthenticAMD", 0x1a, 0x02, 1, 0xd1n],
  ["Zen 5", "AuthenticAMD", 0x1a, 0x44, 0, 0xd1n],
  ["Hygon Dhyana (Zen)", "HygonGenuine", 0x18, 0x01, 1, 0xd1n],
] as const)("the tick of %s is known", (name, vendor, family, model, stepping, config) => {
  assertEquals(microarchitecture({ vendor, family, model, stepping })?.name, name);
  assertEquals(tick(vendor, [family, model, stepping]), [PERF_TYPE.RAW, config]);
});

test("cores that others make of Arm's are known by who has made them", () => {
  const cobalt = { vendor: "Microsoft", family: 8, model: 0xd49, stepping: 0 };
  assertEquals(microarchitecture(cobalt), {
    ...microarchitecture({ ...cobalt, vendor: "ARM" }),
    name: "Azure Cobalt 100",
  });
});

test("processorId() reads the signature that cpuid gives", () => {
  // EPYC Turin, as rr's issue on it shows the signature; then Haswell and a Pentium 4.
  assertEquals(processorId("AuthenticAMD", 0x00b0_0f21), {
    vendor: "AuthenticAMD",
    family: 0x1a,
    model: 0x02,
    stepping: 1,
  });
  assertEquals(processorId("GenuineIntel", 0x0003_06c3), {
    vendor: "GenuineIntel",
    family: 6,
    model: 0x3c,
    stepping: 3,
  });
  assertEquals(processorId("GenuineIntel", 0x0000_0f29), {
    vendor: "GenuineIntel",
    family: 15,
    model: 2,
    stepping: 9,
  });
});

test("resolveEvents() gives one event for each kind of core of a hybrid processor", () => {
  const ticks = resolveEvents("retired-conditional-branches:u", ARROW_LAKE);
  assertEquals(
    ticks.map(({ name, attr }) => [name, attr.type, attr.config]),
    [
      ["cpu_core/retired-conditional-branches/:u", 4, 0x100_0000_11c4n],
      ["cpu_atom/retired-conditional-branches/:u", 10, 0x7ec4n],
    ],
  );
  assertEquals(
    resolveEvents("cycles", ARROW_LAKE).map(({ name, attr }) => [name, attr.type, attr.config]),
    [
      ["cpu_core/cycles/", PERF_TYPE.HARDWARE, 0x4_0000_0000n],
      ["cpu_atom/cycles/", PERF_TYPE.HARDWARE, 0xa_0000_0000n],
    ],
  );
  refuses("instructions", ARROW_LAKE, "say which, cpu_core/instructions/ or cpu_atom/instructions/");
  assertEquals(resolveEvent("cpu_atom/instructions/u", ARROW_LAKE).attr.config, 0xa_0000_0001n);
  assertEquals(resolveEvent("cpu_core/event=0xc4,umask=0x111/", ARROW_LAKE).attr.config, 0x100_0000_11c4n);
  assertEquals(resolveEvent("page-faults", ARROW_LAKE).attr.type, PERF_TYPE.SOFTWARE);
});

test("resolveEvent() knows the kernel's own names", () => {
  const code = (name: string) => {
    const { attr } = resolveEvent(name, HASWELL);
    return [attr.type, BigInt(attr.config)];
  };
  assertEquals(code("cycles"), [0, 0n]);
  assertEquals(code("branches"), [0, 4n]);
  assertEquals(code("context-switches"), [1, 3n]);
  assertEquals(code("task-clock"), [1, 1n]);
  assertEquals(code("L1-dcache-load-misses"), [3, 0x1_0000n]);
  assertEquals(code("LLC-stores"), [3, 0x0102n]);
  assertEquals(code("dTLB-prefetches"), [3, 0x0203n]);
});

test("resolveEvent() takes raw codes, with and without a described PMU", () => {
  assertEquals(resolveEvent("r1c4", HASWELL).attr, { type: PERF_TYPE.RAW, config: 0x1c4n, flags: [] });
  assertEquals(resolveEvent("cpu/event=0xc4,umask=0x11/", HASWELL).attr.config, 0x11c4n);
  assertEquals(resolveEvent("cpu/event=0xc4,umask=1,in_tx_cp/u", HASWELL).attr, {
    type: PERF_TYPE.RAW,
    config: IN_TXCP | 0x1c4n,
    flags: ["exclude_kernel", "exclude_hv"],
  });
  assertEquals(resolveEvent("cpu/event=0x1c4,umask=1/", TURIN).attr.config, 0x1_0000_01c4n);
  refuses("cpu/event=0x1c4/", HASWELL, "must fit the bits 0-7");
  refuses("cpu/event=0xd1,in_tx/", TURIN, "cpu has no field or event 'in_tx'");
  assertEquals(resolveEvent("cpu/config=0x5101c4,config1=7/", HASWELL).attr, {
    type: PERF_TYPE.RAW,
    config: 0x5101c4n,
    config1: 7n,
    flags: [],
  });
});

test("resolveEvent() reads events and fields of sysfs", () => {
  assertEquals(resolveEvent("mem-loads", SKYLAKE_X).attr, {
    type: 4,
    config: 0x1cdn,
    config1: 3n,
    flags: [],
  });
  assertEquals(resolveEvent("cpu/mem-loads,ldlat=30/p", SKYLAKE_X).attr, {
    type: 4,
    config: 0x1cdn,
    config1: 30n,
    flags: [],
    precise_ip: 1,
  });
  const { attr, cpus, unit, scale } = resolveEvent("power/energy-pkg/", SKYLAKE_X);
  assertEquals([attr.type, attr.config, cpus, unit], [22, 2n, [0, 28, 29], "Joules"]);
  assert(scale !== undefined && Math.abs(scale - 2 ** -32) < 1e-20);
  assertEquals(resolveEvent("sched:sched_switch:u", SKYLAKE_X).attr, {
    type: PERF_TYPE.TRACEPOINT,
    config: 318,
    flags: ["exclude_kernel", "exclude_hv"],
  });
});

test("resolveEvent() takes breakpoints", () => {
  assertEquals(resolveEvent("mem:0x401000:x", HASWELL).attr, {
    type: PERF_TYPE.BREAKPOINT,
    config: 0,
    bp_type: 4,
    config1: 0x401000n,
    config2: 8,
    flags: [],
  });
  assertEquals(resolveEvent("mem:0xff00/8:w:u", HASWELL).attr.config2, 8);
  refuses("mem:0xff00/3:w", HASWELL, "current value is 3");
});

test("resolveEvent() turns modifiers into flags", () => {
  const flags = (modifiers: string) => resolveEvent(`cycles:${modifiers}`, HASWELL).attr.flags;
  assertEquals(flags("u"), ["exclude_kernel", "exclude_hv"]);
  assertEquals(flags("k"), ["exclude_user", "exclude_hv"]);
  assertEquals(flags("uk"), ["exclude_hv"]);
  assertEquals(flags("G"), ["exclude_host"]);
  assertEquals(flags("H"), ["exclude_guest"]);
  assertEquals(flags("GH"), []);
  assertEquals(flags("uDe"), ["exclude_kernel", "exclude_hv", "pinned", "exclusive"]);
  assertEquals(resolveEvent("cycles:ppp", HASWELL).attr.precise_ip, 3);
  refuses("cycles:pppp", HASWELL, "3 times");
  refuses("cycles:x", HASWELL, "current value is 'x'");
  refuses("cycles:in_txpc", HASWELL, "did you mean 'in_txcp'?");
});

test("resolveEvent() refuses events of the kernel that are to leave the kernel out", () => {
  for (const name of ["context-switches:u", "cs:uh", "migrations:u", "cgroup-switches:u"]) {
    refuses(name, HASWELL, "it happens in the kernel");
  }
  assertEquals(resolveEvent("cs:uk", HASWELL).attr.flags, ["exclude_hv"]);
  assertEquals(resolveEvent("page-faults:u", HASWELL).attr.flags, ["exclude_kernel", "exclude_hv"]);
});

test("resolveEvent() counts by transaction on Intel only", () => {
  assertEquals(resolveEvent("retired-conditional-branches:in_tx", HASWELL).attr.config, IN_TX | 0x1c4n);
  const cycles = resolveEvent("cycles:u:in_txcp", HASWELL).attr;
  assertEquals([cycles.type, cycles.config], [PERF_TYPE.RAW, IN_TXCP | 0x3cn]);
  const atom = resolveEvent("cpu_atom/cycles/:in_txcp", ARROW_LAKE).attr;
  assertEquals([atom.type, atom.config], [10, IN_TXCP | 0x3cn]);
  refuses("retired-conditional-branches:in_tx", TURIN, "this one is of AuthenticAMD");
  refuses("page-faults:in_tx", HASWELL, "the processor's own counters");
  refuses("retired-conditional-branches:in_tx", SKYLAKE_X, "this processor has none (HLE or RTM)");
});

test("resolveEvent() knows vendors' names, as perf and libpfm write them, with modifiers", () => {
  const config = (name: string, host: HostFacts) => resolveEvent(name, host).attr.config;
  assertEquals(config("BR_INST_RETIRED.CONDITIONAL", HASWELL), 0x1c4n);
  assertEquals(config("br_inst_retired.conditional:u", HASWELL), 0x1c4n);
  assertEquals(config("BR_INST_RETIRED:CONDITIONAL:u", HASWELL), 0x1c4n);
  assertEquals(config("hsw::BR_INST_RETIRED:CONDITIONAL:u", HASWELL), 0x1c4n);
  assertEquals(config("BR_INST_RETIRED.CONDITIONAL:u:in_txcp", HASWELL), IN_TXCP | 0x1c4n);
  assertEquals(config("cpu/BR_INST_RETIRED.CONDITIONAL/u", HASWELL), 0x1c4n);
  // Cycles in which something was retired: a threshold, and its inverse.
  assertEquals(config("UOPS_RETIRED.STALL_CYCLES", HASWELL), 0x1_80_01c2n);
  assertEquals(config("ex_ret_cond", TURIN), 0xd1n);
  assertEquals(config("ex_ret_uncond_brnch_instr:u", TURIN), 0x1_0000_00c9n);
  const [core, atom] = resolveEvents("BR_INST_RETIRED.COND:u", ARROW_LAKE);
  assertEquals([core?.name, core?.attr.config], ["cpu_core/BR_INST_RETIRED.COND/:u", 0x100_0000_11c4n]);
  assertEquals([atom?.name, atom?.attr.config], ["cpu_atom/BR_INST_RETIRED.COND/:u", 0x7ec4n]);
  assertEquals(config("cpu_atom/BR_INST_RETIRED.COND/", ARROW_LAKE), 0x7ec4n);
  refuses("BR_INST_RETIRED.CONDITIONL", HASWELL, "did you mean 'BR_INST_RETIRED.CONDITIONAL'?");
});

test("resolveEvent() tells what was probably meant", () => {
  refuses("instrctions", HASWELL, "no event is named 'instrctions': did you mean 'instructions'?");
  refuses("retired-conditional-branchs", HASWELL, "did you mean 'retired-conditional-branches'?");
  refuses("pwer/energy-pkg/", SKYLAKE_X, "did you mean 'power'?");
  refuses("cpu/umsk=1/", SKYLAKE_X, "did you mean 'umask'?");
  refuses("cpu/umask=0x111/", SKYLAKE_X, "must fit the bits 8-15: current value is 0x111");
  refuses("cpu/umask=many/", SKYLAKE_X, "current value is 'many'");
  refuses("", HASWELL, "no event is named ''");
});

test("resolveEvent() says why a processor has no such event", () => {
  const bulldozer = describedFacts("AuthenticAMD", [0x15, 0x01, 2]);
  refuses(
    "retired-conditional-branches",
    bulldozer,
    "Bulldozer (AuthenticAMD family 0x15 model 0x1 stepping 2) has no",
  );
  assertEquals(resolveEvent("retired-taken-branches", bulldozer).attr.config, 0xc4n);
  const future = describedFacts("GenuineIntel", [6, 0xff, 0]);
  refuses(
    "retired-conditional-branches",
    future,
    "not in tickproof's table (GenuineIntel family 0x6 model 0xff",
  );
});

test("resolveEvent() says what is wrong with a tracepoint", () => {
  refuses(
    "sched:sched_swtch",
    SKYLAKE_X,
    "no tracepoint 'sched_swtch' in sched: did you mean 'sched_switch'?",
  );
  refuses("shed:sched_switch", SKYLAKE_X, "no tracepoints of 'shed': did you mean 'sched'?");
  refuses("sched:sched_switch", HASWELL, "mount tracefs");
  refuses("instrctions:in_tx", HASWELL, "did you mean 'instructions'?");
});

test("eventNames() lists the events of the host", () => {
  const names = eventNames(SKYLAKE_X);
  for (const name of ["cycles", "page-faults", "hle-starts", "power/energy-pkg/", "cpu/mem-loads/"]) {
    assert(names.includes(name), name);
  }
  assert(!names.some((name) => name.includes(".scale")));
  assertStringIncludes(eventNames(TURIN).join(" "), "speculative-lock-commits");
});
