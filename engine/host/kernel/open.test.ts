import { test } from "bun:test";
import { release } from "node:os";
import { assertEquals, assertGreater } from "@std/assert";
import {
  ERRNO,
  encodePerfAttr,
  errnoInfo,
  IN_TX,
  IN_TXCP,
  livePerf,
  PERF_ATTR,
  PERF_ATTR_BIT,
  PERF_ATTR_SIZE,
  PERF_COUNT_HW,
  PERF_COUNT_SW,
  PERF_FLAG,
  PERF_FORMAT,
  PERF_SAMPLE,
  PERF_TYPE,
  type PerfAttr,
} from "../../../ffi/mod.ts";
import { Asking, TASK, TICKS } from "../_ask.ts";
import { type Changes, haswell, KVM } from "../_profiles.ts";
import type { HostProfile } from "../profile.ts";
import { isAtLeast } from "../release.ts";

/** Counts of both threads of a core. */
const ANY_THREAD = 1n << 21n;
const SANDY_BRIDGE: Changes = { cpu: { model: 0x2a, tsx: { hle: false, rtm: false, alwaysAborts: false } } };
const AMD: Changes = {
  cpu: {
    vendor: "AuthenticAMD",
    family: 0x19,
    model: 0x21,
    stepping: 0,
    tsx: { hle: false, rtm: false, alwaysAborts: false },
  },
  pmu: { counters: 6, fixedCounters: 0, version: 0 },
};

/** The result of an open whose bytes are changed before. */
function openBytes(change: (view: DataView, bytes: Uint8Array) => void, length = 4096): number {
  const { perf } = new Asking(haswell());
  const bytes = new Uint8Array(length);
  using encoded = encodePerfAttr({ type: PERF_TYPE.RAW, config: TICKS, flags: ["exclude_kernel"] });
  bytes.set(encoded.u8.subarray(0, Math.min(length, PERF_ATTR_SIZE.VER7)));
  change(new DataView(bytes.buffer), bytes);
  const result = perf.open(bytes, 0, -1, -1, 0);
  if (result === -ERRNO.E2BIG) {
    assertEquals(new DataView(bytes.buffer).getUint32(PERF_ATTR.size[0], true), PERF_ATTR_SIZE.VER8);
  }
  return result;
}

const setSize = (size: number) => (view: DataView) => view.setUint32(PERF_ATTR.size[0], size, true);

test("perf_event_open takes every size that the struct has had, 0 as the first, and more if the rest is zeros", () => {
  for (const size of [0, ...Object.values(PERF_ATTR_SIZE), 4096]) assertGreater(openBytes(setSize(size)), 0);
});

test("perf_event_open refuses other sizes with E2BIG, and says which one it knows", () => {
  for (const size of [1, 63, 4097, 0xffff_ffff]) assertEquals(openBytes(setSize(size)), -ERRNO.E2BIG);
  const unknown = (view: DataView, bytes: Uint8Array) => {
    setSize(200)(view);
    bytes[199] = 1;
  };
  assertEquals(openBytes(unknown), -ERRNO.E2BIG);
});

test("perf_event_open refuses reserved bits", () => {
  const flag = (bit: bigint) => (view: DataView) => {
    const at = PERF_ATTR.flags[0];
    view.setBigUint64(at, view.getBigUint64(at, true) | (1n << bit), true);
  };
  assertEquals(openBytes(flag(40n)), -ERRNO.EINVAL);
  assertEquals(
    openBytes((view) => view.setUint16(PERF_ATTR.reserved_2[0], 1, true)),
    -ERRNO.EINVAL,
  );
  assertEquals(
    openBytes((view) => view.setBigUint64(PERF_ATTR.sample_type[0], 1n << 30n, true)),
    -ERRNO.EINVAL,
  );
  assertEquals(
    openBytes((view) => view.setBigUint64(PERF_ATTR.read_format[0], 32n, true)),
    -ERRNO.EINVAL,
  );
  assertEquals(openBytes(flag(BigInt(PERF_ATTR_BIT.sigtrap))), -ERRNO.EINVAL);
  assertEquals(openBytes(flag(BigInt(PERF_ATTR_BIT.inherit_thread))), -ERRNO.EINVAL);
});

test.each([
  // level, user mode of a task, its kernel mode too, a whole processor
  [-1, "opens", "opens", "opens"],
  [0, "opens", "opens", "opens"],
  [1, "opens", "opens", "EACCES"],
  [2, "opens", "EACCES", "EACCES"],
  [3, "opens", "EACCES", "EACCES"],
  [4, "EACCES", "EACCES", "EACCES"],
] as const)("perf_event_paranoid %d allows what it should", (perfEventParanoid, user, both, cpu) => {
  const host = new Asking(haswell({ kernel: { perfEventParanoid } }));
  const result = (opened: number | string) => (typeof opened === "number" ? "opens" : opened);
  const whole = encodePerfAttr({ type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.TASK_CLOCK });
  const kernel = host.perf.open(whole.u8, 0, -1, -1, 0);
  whole[Symbol.dispose]();
  assertEquals(
    [result(host.tryOpen()), kernel >= 0 ? "opens" : "EACCES", result(host.tryOpen({}, { pid: -1, cpu: 0 }))],
    [user, both, cpu],
  );
  const root = new Asking(haswell({ kernel: { perfEventParanoid, privileged: true } }));
  assertEquals(result(root.tryOpen({}, { pid: -1, cpu: 0 })), "opens");
});

test("who may not watch the kernel is refused in the kernel's order: branches, kernel mode, period, addresses", () => {
  const host = new Asking(haswell({ kernel: { perfEventParanoid: 2 } }));
  const answer = (attr: PerfAttr) => {
    using encoded = encodePerfAttr(attr);
    return host.perf.open(encoded.u8, 0, -1, -1, 0);
  };
  const dummy: PerfAttr = { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.DUMMY };
  const user: PerfAttr = { ...dummy, flags: ["exclude_kernel"] };
  const addresses = { ...user, sample_type: PERF_SAMPLE.PHYS_ADDR };
  assertEquals(
    answer({ ...user, sample_type: PERF_SAMPLE.BRANCH_STACK, branch_sample_type: 8 }),
    -ERRNO.EACCES,
  );
  assertEquals(
    answer({ ...user, sample_type: PERF_SAMPLE.BRANCH_STACK, branch_sample_type: 1 }),
    -ERRNO.EINVAL,
  );
  assertEquals(answer({ ...dummy, sample_period: -1 }), -ERRNO.EACCES);
  assertEquals(answer(addresses), -ERRNO.EACCES);
  assertEquals(answer({ ...addresses, sample_period: -1 }), -ERRNO.EINVAL);
});

test("a distribution's patch asks for CAP_SYS_ADMIN from its level on, and CAP_PERFMON does not help", () => {
  const opens = (
    perfEventParanoid: number,
    perfEventRestrictsFrom: number,
    privileged: boolean | "CAP_PERFMON",
  ) => new Asking(haswell({ kernel: { perfEventParanoid, perfEventRestrictsFrom, privileged } })).tryOpen();
  assertEquals(opens(3, 3, "CAP_PERFMON"), "EACCES");
  assertEquals(typeof opens(3, 3, true), "number");
  assertEquals(typeof opens(3, 4, false), "number");
  assertEquals(opens(4, 4, "CAP_PERFMON"), "EACCES");
  assertEquals(typeof opens(4, 5, false), "number");
});

test("events that no PMU counts: ENOENT, and EINVAL for what is no event at all", () => {
  const host = new Asking(haswell());
  assertEquals(host.tryOpen({ type: 77 }), "ENOENT");
  assertEquals(host.tryOpen({ type: PERF_TYPE.TRACEPOINT, config: 1 }), "EINVAL");
  assertEquals(host.tryOpen({ type: PERF_TYPE.SOFTWARE, config: 12 }), "ENOENT");
  assertEquals(host.tryOpen({ type: PERF_TYPE.HARDWARE, config: 10 }), "EINVAL");
  assertEquals(
    host.tryOpen({ type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.STALLED_CYCLES_BACKEND }),
    "ENOENT",
  );
  assertEquals(host.tryOpen({ type: PERF_TYPE.HW_CACHE, config: 0x7 }), "EINVAL");
  assertEquals(host.tryOpen({ type: PERF_TYPE.HW_CACHE, config: 0x0101 }), "ENOENT");
  const without = new Asking(haswell({ hypervisor: { ...KVM, vpmu: false, counters: 0, fixedCounters: 0 } }));
  assertEquals(without.tryOpen(), "ENOENT");
  assertEquals(typeof without.tryOpen({ type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.DUMMY }), "number");
});

test("generic events of AMD go by processor and kernel", () => {
  const turin = {
    vendor: "AuthenticAMD",
    family: 0x1a,
    model: 2,
    stepping: 1,
    tsx: { hle: false, rtm: false, alwaysAborts: false },
  } as const;
  const opens = (release: string, cpu: Partial<HostProfile["cpu"]> = turin) => {
    const host = new Asking(haswell({ cpu, kernel: { release }, pmu: { fixedCounters: 0, version: 2 } }));
    return [
      PERF_COUNT_HW.STALLED_CYCLES_FRONTEND,
      PERF_COUNT_HW.STALLED_CYCLES_BACKEND,
      PERF_COUNT_HW.REF_CPU_CYCLES,
    ].map((config) => typeof host.tryOpen({ type: PERF_TYPE.HARDWARE, config }) === "number");
  };
  assertEquals(opens("5.15.0"), [true, true, false]);
  assertEquals(opens("6.8.0"), [true, true, false]);
  assertEquals(opens("6.9.0"), [true, false, true]);
  assertEquals(opens("6.9.0", { ...turin, family: 0x19, model: 0x21 }), [true, false, false]);
  assertEquals(opens("6.9.0", { ...turin, family: 0x19, model: 0x61 }), [true, false, true]);
  assertEquals(opens("6.9.0", { ...turin, family: 0x17, model: 1 }), [true, true, false]);
});

test("bits of transactional memory: sampling is refused for checkpoints", () => {
  const host = new Asking(haswell());
  const checkpointed = (sample_period: number) => host.tryOpen({ config: TICKS | IN_TXCP, sample_period });
  assertEquals(checkpointed(1000), "EOPNOTSUPP");
  assertEquals(checkpointed(0x7fff_fffe), "EOPNOTSUPP");
  assertEquals(typeof checkpointed(0), "number");
  assertEquals(typeof checkpointed(0x7fff_ffff), "number");
  assertEquals(typeof host.tryOpen({ config: TICKS | IN_TX, sample_period: 1000 }), "number");
  const allowed = new Asking(haswell({ kernel: { perfEventParanoid: 0 } }));
  assertEquals(allowed.tryOpen({ config: TICKS | IN_TX | ANY_THREAD }), "EOPNOTSUPP");
  assertEquals(host.tryOpen({ config: TICKS | IN_TX, precise_ip: 1, sample_period: 9 }), "EOPNOTSUPP");
});

test("bits that a PMU has not are masked, and nobody is told", () => {
  const counted = (profile: HostProfile, config: bigint) => {
    const host = new Asking(profile);
    const fd = host.open({ config });
    host.branches(500);
    return host.count(fd);
  };
  // The upstream reproducer where there is no TSX: a plain counter.
  for (const bits of [IN_TX, IN_TXCP, IN_TX | IN_TXCP, 0xffff_fff0_0000_0000n, 0x5b_0000n]) {
    assertEquals(counted(haswell(SANDY_BRIDGE), TICKS | bits), 500);
  }
  assertEquals(counted(haswell(), TICKS | IN_TX), 0);
  assertEquals(counted(haswell(AMD), 0xd1n | (1n << 40n)), 500);
  // Bits 32 to 35 are the event's number on AMD.
  assertEquals(counted(haswell(AMD), 0xd1n | IN_TXCP), 0);
});

test("Ice Lake counts taken branches for what was the tick before", () => {
  const host = new Asking(haswell({ cpu: { model: 0x7e } }));
  const fd = host.open({ config: 0x5101c4n });
  host.branches(500);
  assertEquals(host.count(fd), 500);
});

test("all threads of a core: of version 3 and later, for those who may watch a processor", () => {
  const any = { config: TICKS | ANY_THREAD };
  assertEquals(new Asking(haswell()).tryOpen(any), "EACCES");
  assertEquals(typeof new Asking(haswell({ kernel: { perfEventParanoid: 0 } })).tryOpen(any), "number");
  assertEquals(new Asking(haswell({ pmu: { version: 2 } })).tryOpen(any), "EINVAL");
});

test("precise sampling is for hardware, and for sampling only", () => {
  const host = new Asking(haswell());
  assertEquals(host.tryOpen({ precise_ip: 2 }), "EINVAL");
  assertEquals(typeof host.tryOpen({ precise_ip: 2, sample_period: 1000 }), "number");
  const guest = new Asking(haswell({ hypervisor: KVM }));
  assertEquals(guest.tryOpen({ precise_ip: 1, sample_period: 1000 }), "EOPNOTSUPP");
});

test("periods and frequencies have limits", () => {
  const host = new Asking(haswell({ kernel: { perfEventMaxSampleRate: 1000 } }));
  assertEquals(host.tryOpen({ sample_period: 1n << 63n }), "EINVAL");
  assertEquals(host.tryOpen({ sample_period: 1001, flags: ["freq"] }), "EINVAL");
  assertEquals(typeof host.tryOpen({ sample_period: 1000, flags: ["freq"] }), "number");
});

test("targets: processors, tasks, descriptors and flags that there are not", () => {
  const host = new Asking(haswell({ kernel: { perfEventParanoid: -1 } }));
  assertEquals(host.tryOpen({}, { pid: -1 }), "EINVAL");
  assertEquals(host.tryOpen({}, { cpu: 4 }), "EINVAL");
  assertEquals(host.tryOpen({}, { cpu: -2 }), "EINVAL");
  assertEquals(host.tryOpen({}, { pid: 4321 }), "ESRCH");
  assertEquals(typeof host.tryOpen({}, { pid: TASK }), "number");
  assertEquals(host.tryOpen({}, { group: 999 }), "EBADF");
  assertEquals(host.tryOpen({}, { flags: 16 }), "EINVAL");
});

test("groups: one leader, one target, and no more events than counters", () => {
  const host = new Asking(haswell());
  const leader = host.open();
  const member = host.open({}, { group: leader });
  assertEquals(host.tryOpen({}, { group: member }), "EINVAL");
  assertEquals(host.tryOpen({}, { group: leader, cpu: 0 }), "EINVAL");
  assertEquals(host.tryOpen({ flags: ["pinned"] }, { group: leader }), "EINVAL");
  assertEquals(host.tryOpen({ flags: ["exclusive"] }, { group: leader }), "EINVAL");
  assertEquals(host.tryOpen({ flags: ["inherit"] }, { group: leader }), "EINVAL");
  host.open({}, { group: leader });
  host.open({}, { group: leader });
  assertEquals(host.tryOpen({}, { group: leader }), "EINVAL");
  // A fixed counter is free for it.
  assertEquals(
    typeof host.tryOpen({ type: PERF_TYPE.HARDWARE, config: PERF_COUNT_HW.INSTRUCTIONS }, { group: leader }),
    "number",
  );
});

test.each([
  // release, read with its group, reading in samples, the same with the task's id
  ["4.12.0", "EINVAL", "opens", "opens"],
  ["4.13.0", "opens", "EINVAL", "EINVAL"],
  ["6.12.0", "opens", "EINVAL", "EINVAL"],
  ["6.13.0", "opens", "EINVAL", "opens"],
] as const)("Linux %s: what an inherited event may tell", (release, group, reading, readingOfTask) => {
  const host = new Asking(haswell({ kernel: { release } }));
  const inherited = (attr: Partial<PerfAttr>) => {
    const opened = host.tryOpen({ ...attr, flags: ["inherit"] });
    return typeof opened === "number" ? "opens" : opened;
  };
  const { READ, TID } = PERF_SAMPLE;
  assertEquals(
    [
      inherited({ read_format: PERF_FORMAT.GROUP }),
      inherited({ sample_type: READ }),
      inherited({ sample_type: READ | TID }),
    ],
    [group, reading, readingOfTask],
  );
});

test("an event that is wrong by itself is refused before anybody is asked to count it", () => {
  const kernel = { release: "6.1.0", perfEventParanoid: -1 };
  const without = new Asking(haswell({ kernel, hypervisor: { ...KVM, vpmu: false, counters: 0 } }));
  const { READ } = PERF_SAMPLE;
  assertEquals(without.tryOpen({ sample_type: READ, flags: ["inherit"] }), "EINVAL");
  assertEquals(without.tryOpen({ flags: ["sigtrap", "remove_on_exec"] }, { pid: -1, cpu: 0 }), "EINVAL");
});

test("a hardware event takes its times only from a clock that an NMI may read", () => {
  const host = new Asking(haswell());
  const clocked = (clockid: number, attr: Partial<PerfAttr> = {}) => {
    const opened = host.tryOpen({ ...attr, clockid, flags: ["use_clockid"] });
    return typeof opened === "number" ? "opens" : opened;
  };
  const software = { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.DUMMY };
  const clocks = [0, 1, 4, 7, 11, 2];
  assertEquals(
    clocks.map((clock) => clocked(clock)),
    ["EINVAL", "opens", "opens", "EINVAL", "EINVAL", "EINVAL"],
  );
  assertEquals(
    clocks.map((clock) => clocked(clock, software)),
    ["opens", "opens", "opens", "opens", "opens", "EINVAL"],
  );
});

/** What this machine's kernel and the model's are both asked, of a software event. */
const REFUSALS: readonly (readonly [what: string, attr: Partial<PerfAttr>, error: string])[] = [
  ["nothing of the kind", {}, "opens"],
  ["an inherited event that is read with its group", { flags: ["inherit"], read_format: 8 }, "opens"],
  ["an inherited event that samples its reading", { flags: ["inherit"], sample_type: 0x10 }, "EINVAL"],
  ["an AUX area", { flags: ["aux_output"] }, "EOPNOTSUPP"],
  ["a part of an AUX area", { aux_sample_size: 8 }, "EINVAL"],
  ["vector registers", { sample_type: 0x1000, sample_regs_user: 1n << 40n }, "EOPNOTSUPP"],
  ["registers that are reserved", { sample_type: 0x1000, sample_regs_user: 1n << 12n }, "EINVAL"],
  ["a call chain that is too long", { sample_type: 0x20, sample_max_stack: 2000 }, "EOVERFLOW"],
  ["a clock that is none", { flags: ["use_clockid"], clockid: 99 }, "EINVAL"],
  ["a signal for an event that lives on", { flags: ["sigtrap"] }, "EINVAL"],
  ["threads without inheritance", { flags: ["inherit_thread"] }, "EINVAL"],
  ["two weights", { sample_type: 0x4000 | 0x100_0000 }, "EINVAL"],
  ["branches of no kind", { sample_type: 0x800, branch_sample_type: 1 }, "EINVAL"],
  ["a stack that is not whole words", { sample_type: 0x2000, sample_stack_user: 4 }, "EINVAL"],
  ["a period with the highest bit", { sample_period: 1n << 63n }, "EINVAL"],
];

const software: PerfAttr = { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.DUMMY };

/** Why this machine's kernel can't be compared with. */
function incomparable(): string | undefined {
  if (!isAtLeast(release(), [5, 13])) return `Linux ${release()} does not know all that is asked`;
  using encoded = encodePerfAttr({ ...software, flags: ["exclude_kernel"] });
  const fd = livePerf.open(encoded.u8, 0, -1, -1, PERF_FLAG.FD_CLOEXEC);
  if (fd < 0) return `perf_event_open: ${errnoInfo(-fd).code}`;
  livePerf.close(fd);
  return undefined;
}

const reason = incomparable();

test.each(REFUSALS)("the model answers %s as it should", (_what, attr, error) => {
  const opened = new Asking(haswell({ kernel: { release: "6.1.0" } })).tryOpen({ ...software, ...attr });
  assertEquals(typeof opened === "number" ? "opens" : opened, error);
});

test.skipIf(reason !== undefined).each(REFUSALS)(
  `this machine's kernel answers %s as the model does${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  (_what, { flags = [], ...attr }, error) => {
    using encoded = encodePerfAttr({ ...software, ...attr, flags: ["exclude_kernel", ...flags] });
    const fd = livePerf.open(encoded.u8, 0, -1, -1, PERF_FLAG.FD_CLOEXEC);
    if (fd >= 0) livePerf.close(fd);
    assertEquals(fd >= 0 ? "opens" : errnoInfo(-fd).code, error);
  },
);

test("only one counter can be checkpointed", () => {
  const host = new Asking(haswell());
  const leader = host.open({ config: TICKS | IN_TXCP });
  assertEquals(host.tryOpen({ config: TICKS | IN_TXCP }, { group: leader }), "EINVAL");
  const few = new Asking(haswell({ pmu: { counters: 2 } }));
  assertEquals(few.tryOpen({ config: TICKS | IN_TXCP }), "EINVAL");
});

test("descriptors run out", () => {
  const host = new Asking(haswell());
  const dummy = { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.DUMMY };
  const results = Array.from({ length: 1025 }, () => host.tryOpen(dummy));
  assertEquals(results.at(-1), "EMFILE");
  // What is wrong with the call itself is said first, what is wrong with its target is not.
  assertEquals(host.tryOpen({ sample_period: 1n << 63n }), "EINVAL");
  assertEquals(host.tryOpen({}, { pid: 4321 }), "EMFILE");
  assertEquals(host.perf.close(results[0] as number), 0);
  assertEquals(typeof host.tryOpen(dummy), "number");
});
