/** A small hand-made host for tests of probes: what it has and which bugs is said in one place each. */
import {
  type CpuidResult,
  ERRNO,
  IN_TX,
  IN_TXCP,
  PERF_ATTR,
  PERF_IOC,
  PERF_TYPE,
  type PerfStep,
  type PerfSystem,
} from "../../ffi/mod.ts";
import type { Attempt, Attempted, Execution, Host } from "./types.ts";

/** Bugs and limits of the fake PMU; none of them by default. */
export interface FakePmu {
  /** Refuses to open an event: its errno, or 0. */
  readonly refuse?: (event: FakeEvent) => number;
  /** Hardware counters. @default 4 */
  readonly counters?: number;
  /** Events without a counter say that they run: a guest that is not told. */
  readonly hiddenLoss?: boolean;
  /** Of so many branches, those that are counted. @default all */
  readonly counts?: (event: FakeEvent, branches: number) => number;
  /** ENABLE of an IN_TXCP event that has counted already stops it in silence. */
  readonly kvmBug?: boolean;
  /** Added when a sampling event overflows. */
  readonly overcount?: number;
  /** A new period waits for the next overflow. */
  readonly periodLate?: boolean;
  /** ioctl(PERIOD) refuses less. @default 1 */
  readonly leastPeriod?: number;
  /** What a locked addition adds to the event of committed speculative locks. @default 0 */
  readonly lockCommits?: number;
}

/** An open event. */
export interface FakeEvent {
  readonly type: number;
  readonly config: bigint;
  period: bigint;
  enabled: boolean;
  dead: boolean;
  value: bigint;
  left: bigint;
  overflows: number;
  /** Overflows until it is disabled (REFRESH). */
  limit: number;
}

const LOCK_COMMITS = 0x0825n;
const TICKS_MASK = 0xffffn;
const NANOSECONDS = 1000n;
const POLLIN = 1;
const SWITCHES = 3n;

function step(event: FakeEvent, pmu: FakePmu, what: PerfStep): void {
  if (!event.enabled || event.dead) return;
  const hardware = event.type === PERF_TYPE.RAW || event.type === PERF_TYPE.HARDWARE;
  let more = 0n;
  if (what.do === "branches") {
    const guard = (event.config & IN_TX) !== 0n;
    if (!hardware) more = event.config === SWITCHES ? 0n : NANOSECONDS;
    else if (!guard) more = BigInt(pmu.counts?.(event, what.count) ?? what.count);
  } else if (what.do === "reschedule" && !hardware) {
    more = 1n;
  } else if (what.do === "locked-adds" && (event.config & TICKS_MASK) === LOCK_COMMITS) {
    more = BigInt(what.count * (pmu.lockCommits ?? 0));
  }
  event.value += more;
  if (event.period === 0n) return;
  event.left -= more;
  if (event.left > 0n) return;
  event.left = event.period;
  event.overflows++;
  event.enabled = --event.limit > 0;
  event.value += BigInt(pmu.overcount ?? 0);
}

function ioctl(event: FakeEvent, pmu: FakePmu, request: number, argument: number | bigint): number {
  if (request === PERF_IOC.ENABLE) {
    event.dead ||= pmu.kvmBug === true && (event.config & IN_TXCP) !== 0n && event.value > 0n;
    event.enabled = true;
  } else if (request === PERF_IOC.REFRESH) {
    event.enabled = true;
    event.limit = Number(argument);
  } else if (request === PERF_IOC.DISABLE) {
    event.enabled = false;
  } else if (request === PERF_IOC.RESET) {
    event.value = 0n;
  } else if (request === PERF_IOC.PERIOD) {
    if (BigInt(argument) < BigInt(pmu.leastPeriod ?? 1)) return -ERRNO.EINVAL;
    event.period = BigInt(argument);
    if (!pmu.periodLate) event.left = event.period;
  }
  return 0;
}

/** The perf system calls of a fake PMU. */
export function fakePerf(pmu: FakePmu = {}): PerfSystem {
  const events = new Map<number, FakeEvent>();
  let next = 3;
  const perf: PerfSystem = {
    open(attr) {
      const view = new DataView(attr.buffer, attr.byteOffset);
      const field = (name: keyof typeof PERF_ATTR) => view.getBigUint64(PERF_ATTR[name][0], true);
      const type = view.getUint32(PERF_ATTR.type[0], true);
      const period = field("sample_period");
      const hardware = [...events.values()].filter((event) => event.type !== PERF_TYPE.SOFTWARE).length;
      const event: FakeEvent = {
        type,
        config: field("config"),
        period,
        left: period,
        enabled: false,
        dead: type !== PERF_TYPE.SOFTWARE && hardware >= (pmu.counters ?? 4),
        value: 0n,
        overflows: 0,
        limit: Number.POSITIVE_INFINITY,
      };
      const errno = pmu.refuse?.(event) ?? 0;
      if (errno > 0) return -errno;
      events.set(next, event);
      return next++;
    },
    close: (fd) => (events.delete(fd) ? 0 : -ERRNO.EBADF),
    ioctl(fd, request, argument) {
      const event = events.get(fd);
      return event ? ioctl(event, pmu, request, argument) : -ERRNO.EBADF;
    },
    id: (fd) => (events.has(fd) ? fd : -ERRNO.EBADF),
    read(fd, into) {
      const event = events.get(fd);
      if (event === undefined) return -ERRNO.EBADF;
      into.set([event.value, NANOSECONDS, event.dead && !pmu.hiddenLoss ? 0n : NANOSECONDS]);
      return 24;
    },
    map: (fd) => {
      if (!events.has(fd)) return -ERRNO.EBADF;
      const bytes = new Uint8Array(8192);
      return { bytes, view: new DataView(bytes.buffer), address: 0, [Symbol.dispose]: () => {} };
    },
    poll: (fd) => (events.get(fd)?.overflows ? POLLIN : 0),
    run: (steps) =>
      steps.map((what) => {
        if (what.do === "ioctl") return perf.ioctl(what.fd, what.request, what.argument);
        if (what.do === "read") return perf.read(what.fd, what.into);
        for (const event of events.values()) step(event, pmu, what);
        return 0;
      }),
  };
  return perf;
}

/** Signatures of processors: vendor, and cpuid leaf 1, eax. */
export const PROCESSORS = {
  sandyBridge: ["GenuineIntel", 0x206a7],
  haswell: ["GenuineIntel", 0x306c3],
  cometLake: ["GenuineIntel", 0xa0655],
  zen3: ["AuthenticAMD", 0xa00f11],
  turin: ["AuthenticAMD", 0xb00f21],
  turinDense: ["AuthenticAMD", 0xb10f11],
  sapphireRapids: ["GenuineIntel", 0x806f8],
  emeraldRapids: ["GenuineIntel", 0xc06f2],
  graniteRapids: ["GenuineIntel", 0xa06d1],
  futureIntel: ["GenuineIntel", 0x106f0 | 0xff0000],
} as const;

/** What a fake host is made of. */
export interface FakeHost {
  /** @default haswell */
  readonly processor?: keyof typeof PROCESSORS;
  /** ebx and edx of cpuid leaf 7. @default 0 */
  readonly features?: { readonly ebx?: number; readonly edx?: number };
  /** Signature of a hypervisor, and where its leaves begin. @default none */
  readonly hypervisor?: { readonly signature: string; readonly base?: number; readonly version?: number };
  readonly pmu?: FakePmu;
  readonly files?: Readonly<Record<string, string>>;
  readonly log?: readonly string[];
  readonly attempts?: Partial<Record<Attempt, Attempted>>;
  readonly programs?: Readonly<Record<string, string>>;
  readonly execute?: (command: readonly string[]) => Execution;
  readonly compiler?: ReturnType<Host["compiler"]>;
  readonly bytes?: number;
  /** Processors that may be used, as a mask. @default not told */
  readonly allowed?: bigint;
}

function words(text: string): [number, number, number] {
  const bytes = Buffer.alloc(12);
  bytes.write(text, "latin1");
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
}

function fakeCpuid({ processor = "haswell", features = {}, hypervisor }: FakeHost): Host["cpuid"] {
  const [vendor, signature] = PROCESSORS[processor];
  const [b, d, c] = words(vendor);
  return (leaf): CpuidResult => {
    if (leaf === 0) return [0xd, b, c, d];
    if (leaf === 1) return [signature, 0, hypervisor ? 0x8000_0000 : 0, 0];
    if (leaf === 7) return [0, features.ebx ?? 0, 0, features.edx ?? 0];
    if (hypervisor === undefined) return [0, 0, 0, 0];
    const { signature: text, base = 0x4000_0000, version = 0 } = hypervisor;
    if (leaf === base) return [base + 1, ...words(text)];
    return leaf === base + 1 ? [version, 0, 0, 0] : [0, 0, 0, 0];
  };
}

/** An rr of that version, which answers nothing else. */
export function rrOf(version: string): Pick<FakeHost, "programs" | "execute"> {
  return {
    programs: { rr: "/usr/bin/rr" },
    execute: () => ({ exitCode: 0, stdout: `rr version ${version}\n`, stderr: "" }),
  };
}

/** Makes one. What is left out is good, or not told. */
export function fakeHost(made: FakeHost = {}): Host {
  const { files = {}, attempts = {}, programs, execute, bytes } = made;
  return {
    name: "fake",
    kind: "described",
    perf: fakePerf(made.pmu),
    cpuid: fakeCpuid(made),
    readFile: (path) => files[path],
    readDirectory: () => undefined,
    kernelLog: () => made.log,
    allowedProcessors: () => made.allowed,
    attempt: (what) => attempts[what],
    findProgram: (name) => programs && (programs[name] ?? null),
    execute: (command) => execute?.(command),
    compiler: () => made.compiler,
    traceSpace: () => (bytes === undefined ? undefined : { folder: "/traces", bytes }),
  };
}
