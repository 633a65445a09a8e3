/** What the probes of counters share: opening an event, counting a straight run, and telling of it. */
import {
  encodePerfAttr,
  errnoInfo,
  PERF_FLAG,
  PERF_IOC,
  type PerfAttr,
  type PerfStep,
  SyscallError,
} from "../../../ffi/mod.ts";
import { group } from "../../text/mod.ts";
import { ticksAttr } from "../ticks.ts";
import type { Host } from "../types.ts";

/** Branches of one measurement: what rr runs, and few enough to stay within one time slice. */
export const BRANCHES = 500;

/** An open event, closed when disposed. */
export interface Counter extends Disposable {
  readonly fd: number;
  /** Value, and what read_format asked for behind it, after {@link measure}. */
  readonly words: BigUint64Array;
}

/** Errors that tell of this process and not of the host: nothing follows from them. perf_event_open(2). */
const NOT_OF_THE_HOST: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "EFAULT",
  "EINTR",
  "ESRCH",
]);

/**
 * Opens an event for the caller, on whatever processor it runs.
 *
 * @param leader Event whose group it joins. @default none
 * @returns It, or the name of the error: "ENOENT".
 * @throws {SyscallError} For an error that says nothing of the host.
 */
export function openCounter(host: Host, attr: PerfAttr, leader = -1): Counter | string {
  using encoded = encodePerfAttr(attr);
  const fd = host.perf.open(encoded.u8, 0, -1, leader, PERF_FLAG.FD_CLOEXEC);
  if (fd < 0) {
    const { code } = errnoInfo(-fd);
    if (NOT_OF_THE_HOST.has(code)) throw new SyscallError("perf_event_open", -fd);
    return code;
  }
  return { fd, words: new BigUint64Array(8), [Symbol.dispose]: () => void host.perf.close(fd) };
}

/**
 * Opens the event of ticks.
 *
 * @param extra What else its attr has.
 * @param transactional IN_TX or IN_TXCP, or 0.
 * @returns It, or why there is none: "perf_event_open of 0x1c4: ENOENT".
 */
export function openTicks(host: Host, extra: Partial<PerfAttr> = {}, transactional = 0n): Counter | string {
  const attr = ticksAttr(host, extra);
  if (attr === undefined) return "no table has the event of ticks for this processor";
  const config = BigInt(attr.config) | transactional;
  const opened = openCounter(host, { ...attr, config });
  return typeof opened === "string" ? `perf_event_open of 0x${config.toString(16)}: ${opened}` : opened;
}

/** A step: an ioctl of a counter. */
export function control(
  counter: Counter,
  request: "ENABLE" | "DISABLE" | "REFRESH" | "RESET" | "PERIOD",
  argument = 0,
): PerfStep {
  return { do: "ioctl", fd: counter.fd, request: PERF_IOC[request], argument };
}

/** A step: so many branches. */
export function branches(count: number): PerfStep {
  return { do: "branches", count };
}

/**
 * Runs steps without anything between, then reads the counters.
 *
 * @returns Why it failed ("ioctl: EINVAL"), or undefined.
 */
export function measure(
  host: Host,
  counters: readonly Counter[],
  steps: readonly PerfStep[],
): string | undefined {
  const all = [...steps, ...counters.map(({ fd, words }): PerfStep => ({ do: "read", fd, into: words }))];
  const results = host.perf.run(all);
  const failed = results.findIndex((result) => result < 0);
  if (failed >= 0) return `${all[failed]!.do}: ${errnoInfo(-results[failed]!).code}`;
  const inError = results.slice(steps.length).some((bytes) => bytes === 0);
  return inError ? "read: the event is in error and counts no more" : undefined;
}

/** "312 of 500 branches counted". */
export function countedOf(counter: Counter, run = BRANCHES): string {
  return `${group(Number(counter.words[0]))} of ${group(run)} branches counted`;
}
