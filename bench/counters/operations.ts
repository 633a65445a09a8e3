/** What is measured: each way to read and to switch a counter, in JS and as a C programmer would write it. */
import { noInline } from "bun:jsc";
import {
  Counter,
  CounterGroup,
  emptyCall,
  encodePerfAttr,
  livePerf,
  MMAP_PAGE,
  MMAP_PAGE_CAPABILITY,
  NativeBuffer,
  nativeWords,
  openLibrary,
  PERF_FLAG,
  PERF_IOC,
  type PerfMapping,
  readPageTime,
  resolveEvent,
  SYSCALLS,
  SyscallError,
  unwrap,
} from "../../ffi/mod.ts";
import type { CLoopName } from "./c-side.ts";

/** An operation that is ready to be measured. */
export interface Operation {
  /** In JS; its result is not looked at. */
  readonly js: (turn: number) => unknown;
  /** The loop in C, and what its a, b and c are. */
  readonly c: { readonly loop: CLoopName; readonly args: readonly [a: number, b: number, c: number] };
  /** Puts back what a sample changes. @default nothing changes */
  readonly before?: () => void;
  /** Calls that one sample may have at most. @default no limit */
  readonly most?: number;
  /** It reads, and so must make no garbage. @default false */
  readonly isRead?: boolean;
  /** What must be known of the figures. */
  readonly note?: string;
}

/** This host can't do it. */
export interface Skip {
  readonly skip: string;
}

/** A row of the benchmark. */
export interface Row {
  readonly name: string;
  /** Opens what it needs; `resources` close it. */
  readonly open: (resources: DisposableStack) => Operation | Skip;
}

/** Pure counts: their reads do not ask a clock first, so that the path weighs most. */
const GROUP = [
  "page-faults:u",
  "dummy:u",
  "bpf-output:u",
  "minor-faults:u",
  "major-faults:u",
  "alignment-faults:u",
  "emulation-faults:u",
  "page-faults",
];
const SWITCHED = 128;
const PAGE = 4096;

function softwareCounter(resources: DisposableStack): Counter {
  const counter = resources.use(Counter.open("page-faults:u"));
  counter.enable();
  return counter;
}

function mapPage(counter: Counter, resources: DisposableStack): PerfMapping {
  const mapping = livePerf.map(counter.fd, 0);
  if (typeof mapping === "number") throw new SyscallError("mmap(perf event)", -mapping);
  return resources.use(mapping);
}

/** Reads a software counter. */
function softwareRead(
  name: string,
  loop: CLoopName,
  reader: (counter: Counter, into: BigUint64Array) => Operation["js"],
): Row {
  return {
    name,
    open(resources) {
      const counter = softwareCounter(resources);
      const words = resources.use(nativeWords());
      return {
        isRead: true,
        js: reader(counter, words.u64),
        c: { loop, args: [counter.fd, words.address, words.u64.byteLength] },
      };
    },
  };
}

/** Runs what needs a hardware counter, or says in a few words why there is none. */
function withHardware(open: () => Operation): Operation | Skip {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return { skip: error.code === "ENOENT" ? "no PMU (ENOENT)" : error.message };
  }
}

function groupOf(size: number): Row {
  return {
    name: `read, group of ${size}`,
    open(resources) {
      const group = resources.use(CounterGroup.open(GROUP.slice(0, size)));
      group.enable();
      const words = resources.use(nativeWords(group.words));
      const into = words.u64;
      return {
        isRead: true,
        js: () => group.read(into),
        c: { loop: "read_inline", args: [group.fd, words.address, into.byteLength] },
      };
    },
  };
}

/** Reads a hardware counter, by system call or from user mode. */
function hardwareRead(name: string, userRead: boolean): Row {
  return {
    name,
    open: (resources) =>
      withHardware(() => {
        const counter = resources.use(Counter.open("cycles:u", { userRead }));
        counter.enable();
        const words = resources.use(nativeWords());
        const into = words.u64;
        const inline = { loop: "read_inline", args: [counter.fd, words.address, into.byteLength] } as const;
        if (!userRead) return { isRead: true, js: () => counter.read(into), c: inline };
        const { address } = mapPage(counter, resources);
        return {
          isRead: true,
          js: () => counter.read(into),
          c: { loop: "read_page", args: [address, counter.fd, words.address] },
        };
      }),
  };
}

/** A page as a kernel leaves it whose clock is the TSC; the time that it gives is the TSC itself. */
export function pageOfTsc(): NativeBuffer {
  const page = NativeBuffer.map(PAGE);
  page.view.setBigUint64(MMAP_PAGE.capabilities, 1n << BigInt(MMAP_PAGE_CAPABILITY.user_time), true);
  page.view.setUint32(MMAP_PAGE.time_mult, 1, true);
  return page;
}

function pageTime(resources: DisposableStack): Operation {
  const counter = softwareCounter(resources);
  const words = resources.use(nativeWords(1));
  const into = words.u64;
  const { address } = mapPage(counter, resources);
  const isLive = readPageTime(address, into) > 0;
  const page = isLive ? address : resources.use(pageOfTsc()).address;
  return {
    isRead: true,
    js: () => readPageTime(page, into),
    c: { loop: "time_page", args: [page, words.address, 0] },
    ...(isLive ? {} : { note: "over a page made here: the kernel's own has no time (cap_user_time is 0)" }),
  };
}

/** An ioctl on as many counters as a sample has calls, so that each of them changes its state. */
function ioctl(name: "RESET" | "ENABLE" | "DISABLE"): Row {
  const request = PERF_IOC[name];
  const opposite = name === "ENABLE" ? PERF_IOC.DISABLE : PERF_IOC.ENABLE;
  return {
    name: `ioctl ${name}`,
    open(resources) {
      const descriptors = resources.use(NativeBuffer.map(SWITCHED * Int32Array.BYTES_PER_ELEMENT));
      for (let index = 0; index < SWITCHED; index++) {
        descriptors.i32[index] = resources.use(Counter.open("page-faults:u")).fd;
      }
      const fds = descriptors.i32;
      return {
        js: (turn) => livePerf.ioctl(fds[turn]!, request, 0),
        c: { loop: "ioctl_inline", args: [descriptors.address, request, 0] },
        before() {
          for (const fd of fds) unwrap("ioctl(perf event)", livePerf.ioctl(fd, opposite, 0));
        },
        most: SWITCHED,
      };
    },
  };
}

/** All rows, in the order of the table. */
export const ROWS: readonly Row[] = [
  {
    name: "empty call",
    open(resources) {
      const words = resources.use(nativeWords());
      const into = words.u64;
      return {
        js: () => emptyCall(SYSCALLS.read, -1, into, into.byteLength),
        c: { loop: "empty_call", args: [0, 0, 0] },
      };
    },
  },
  softwareRead(
    "read, raw stub",
    "read_inline",
    ({ fd }, into) =>
      () =>
        livePerf.read(fd, into),
  ),
  softwareRead("read, Counter", "read_inline", (counter, into) => () => counter.read(into)),
  softwareRead("read, not inlined", "read_called", (counter, into) => {
    const read = () => counter.read(into);
    noInline(read);
    return read;
  }),
  softwareRead("read, libc", "read_libc", ({ fd }, into) => {
    const { read } = openLibrary<{ read(fd: number, into: BigUint64Array, bytes: number): number }>(
      "libc.so.6",
      { read: { args: ["i32", "ptr", "word"], returns: "word" } },
    );
    return () => read(fd, into, into.byteLength);
  }),
  ...[1, 2, 4, 8].map(groupOf),
  hardwareRead("read, cycles", false),
  hardwareRead("rdpmc, cycles", true),
  { name: "mmap page time", open: pageTime },
  ...(["RESET", "ENABLE", "DISABLE"] as const).map(ioctl),
  {
    name: "open + close",
    open(resources) {
      const attr = resources.use(encodePerfAttr(resolveEvent("page-faults:u").attr));
      const bytes = attr.u8;
      return {
        js: () => livePerf.close(livePerf.open(bytes, 0, -1, -1, PERF_FLAG.FD_CLOEXEC)),
        c: { loop: "open_close_inline", args: [attr.address, 0, 0] },
      };
    },
  },
];
