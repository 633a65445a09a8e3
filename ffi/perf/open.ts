/** Opening an event: the one place where the options that all counters share become an attr and a target. */

import { SyscallError, unwrap } from "../kernel/mod.ts";
import { encodePerfAttr, type PerfAttr } from "./attr.ts";
import { PERF_FLAG, PERF_IOC, type PerfAttrFlag } from "./constants.ts";
import type { PerfEvent } from "./event.ts";
import { type HostFacts, liveFacts } from "./facts.ts";
import { livePerf } from "./live.ts";
import { type NotSupported, toNotSupported } from "./reading.ts";
import { meansNotSupported, refusalRemedy } from "./refusal.ts";
import type { PerfSystem } from "./system.ts";

/** Whom a counter watches, when it counts, and on which host. */
export interface CounterOptions {
  /** Process or thread; 0 is the calling thread, −1 every task of {@link cpu}. @default 0 */
  readonly pid?: number;
  /** Processor, or −1 for wherever the task runs. @default -1 */
  readonly cpu?: number;
  /** Tasks that the watched task starts later are counted too. @default false */
  readonly inherit?: boolean;
  /** The counter is enabled by the task's next execve. @default false */
  readonly enableOnExec?: boolean;
  /** Leader of the group that the counter joins: it counts when that does. @default none */
  readonly leader?: { readonly fd: number };
  /** Maps the metadata page, so that reads need no system call where the processor allows it. @default false */
  readonly userRead?: boolean;
  /** What answers perf system calls. @default livePerf */
  readonly system?: PerfSystem;
  /** Facts that event names and remedies depend on; must be of the same host as {@link system}. @default liveFacts */
  readonly host?: HostFacts;
}

/** An event that is open. */
export interface OpenEvent {
  readonly system: PerfSystem;
  readonly fd: number;
}

/**
 * Opens an event, disabled.
 *
 * @param extra Fields and flags besides those of the event and the options.
 * @throws RangeError for `userRead` of another task: its counter is that of another processor.
 * @throws SyscallError with what to do about it.
 */
export function openEvent(event: PerfEvent, options: CounterOptions, extra: Partial<PerfAttr>): OpenEvent {
  const { pid = 0, cpu = -1, system = livePerf, host = liveFacts } = options;
  const leader = options.leader?.fd ?? -1;
  if (options.userRead && pid !== 0) {
    throw new RangeError(
      `Cannot read a counter in user mode as 'pid' must be 0, the reader itself: current value is ${pid}`,
    );
  }
  const flags = new Set<PerfAttrFlag>([...(event.attr.flags ?? []), ...(extra.flags ?? [])]);
  if (leader < 0) flags.add("disabled");
  if (options.inherit) flags.add("inherit");
  if (options.enableOnExec && leader < 0) flags.add("enable_on_exec");
  const attr: PerfAttr = { ...event.attr, ...extra, flags: [...flags] };
  using encoded = encodePerfAttr(attr);
  const fd = system.open(encoded.u8, pid, cpu, leader, PERF_FLAG.FD_CLOEXEC);
  if (fd >= 0) return { system, fd };
  const remedy = refusalRemedy(-fd, { attr, pid, cpu, inGroup: leader >= 0 }, host);
  unwrap(`perf_event_open(${event.name})`, fd, remedy);
  throw new RangeError(`Cannot open an event as the system answered ${fd}, which is no error number`);
}

/** ENABLE, DISABLE or RESET of an open event; `argument` is 0 or PERF_IOC_FLAG_GROUP. */
export function switchEvent(
  system: PerfSystem,
  fd: number,
  name: "ENABLE" | "DISABLE" | "RESET",
  argument: number,
): void {
  unwrap(`ioctl(PERF_EVENT_IOC_${name})`, system.ioctl(fd, PERF_IOC[name], argument));
}

/**
 * Opens something, or says why this host can't count it.
 *
 * @throws SyscallError for every other refusal: no permission, no descriptor, no such task.
 */
export function orNotSupported<T>(open: () => T): T | NotSupported {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SyscallError) || !meansNotSupported(error.errno)) throw error;
    return toNotSupported(error);
  }
}
