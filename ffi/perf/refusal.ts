/**
 * What to do when an event can't be opened: the error number alone says little, since one number has many causes.
 * So the remedy looks at what was asked for and at what the host says of itself now.
 * Source: perf_event_open(2), "ERRORS"; kernel/events/core.c; arch/x86/events/intel/core.c.
 */

import { ERRNO } from "../kernel/mod.ts";
import type { PerfAttr } from "./attr.ts";
import { IN_TX, IN_TXCP, PERF_SAMPLE, PERF_TYPE } from "./constants.ts";
import { happensInKernel } from "./events/generic.ts";
import type { HostFacts } from "./facts.ts";

/** What was asked for, as far as the kernel judges it. */
export interface Asked {
  readonly attr: PerfAttr;
  readonly pid: number;
  readonly cpu: number;
  /** It was to join a group. */
  readonly inGroup: boolean;
}

const PARANOID = "/proc/sys/kernel/perf_event_paranoid";
/** Mainline's highest level; a patch of distributions has 3 and 4, which ask for CAP_SYS_ADMIN (`perf_paranoid_any`). */
const MAINLINE_LEVEL = 2;
const MAX_SAMPLE_RATE = "/proc/sys/kernel/perf_event_max_sample_rate";
const EVENT_SOURCES = "/sys/bus/event_source/devices";

const READ = BigInt(PERF_SAMPLE.READ);

function isSampling({ attr }: Asked): boolean {
  return BigInt(attr.sample_period ?? 0) !== 0n;
}

function asksFor({ attr }: Asked, bit: bigint): boolean {
  return attr.type !== PERF_TYPE.SOFTWARE && (BigInt(attr.config) & bit) !== 0n;
}

/** The highest level of perf_event_paranoid at which one without privileges is given what was asked for. */
function levelNeeded({ attr, pid }: Asked): number {
  if (attr.type === PERF_TYPE.TRACEPOINT) return -1;
  if (pid === -1) return 0;
  return attr.flags?.includes("exclude_kernel") ? 2 : 1;
}

function countsInUserMode(attr: PerfAttr): boolean {
  return !happensInKernel(attr) && !attr.flags?.includes("exclude_user");
}

function denied(asked: Asked, host: HostFacts): string {
  const text = host.readFile(PARANOID)?.trim();
  const grant = "or grant CAP_PERFMON (setcap cap_perfmon+ep PROGRAM; docker run --cap-add PERFMON)";
  const needed = levelNeeded(asked);
  if (text === undefined) {
    return `${PARANOID} can't be read: lower it to ${needed} from outside (sysctl kernel.perf_event_paranoid), ${grant}`;
  }
  const level = Number(text);
  if (level > MAINLINE_LEVEL) {
    return (
      `perf_event_paranoid is ${level}: lower it (sysctl kernel.perf_event_paranoid=${needed}); on kernels of Debian and ` +
      "Ubuntu only CAP_SYS_ADMIN helps at this level, CAP_PERFMON does not"
    );
  }
  if (level > needed) {
    const inUserMode = level === 2 && needed === 1 && countsInUserMode(asked.attr);
    const userOnly = inUserMode ? "count user mode only (EVENT:u), " : "";
    return `perf_event_paranoid is ${level}: ${userOnly}lower it (sysctl kernel.perf_event_paranoid=${needed}), ${grant}`;
  }
  const task = asked.pid > 0 ? `; a process of another user needs CAP_SYS_PTRACE too (pid ${asked.pid})` : "";
  return (
    `perf_event_paranoid is ${level}, which allows it: so a seccomp profile (containers forbid perf_event_open by ` +
    `default) or a security module forbids it${task}`
  );
}

function noSuchEvent({ attr }: Asked, host: HostFacts): string {
  const sources = host.readDirectory(EVENT_SOURCES);
  const hasPmu = sources?.some((name) => /^cpu(_|$)/.test(name));
  switch (attr.type) {
    case PERF_TYPE.HARDWARE:
    case PERF_TYPE.HW_CACHE:
    case PERF_TYPE.RAW:
      if (hasPmu) return "the PMU of this processor has no such event: choose another one";
      return (
        "this machine has no PMU that the kernel can use: a virtual machine needs a virtual PMU (KVM: -cpu host,pmu=on; " +
        "clouds: a larger or bare-metal instance); software events work without"
      );
    case PERF_TYPE.TRACEPOINT:
      return "the kernel has no such tracepoint";
    default:
      return `no event source has this type or event: ${EVENT_SOURCES} has ${sources?.join(", ") ?? "nothing"}`;
  }
}

function invalid(asked: Asked, host: HostFacts): string {
  if (asked.pid === -1 && asked.cpu === -1) {
    return "an event of every task needs a processor: name one ('cpu'), or a task ('pid')";
  }
  if (asksFor(asked, IN_TX | IN_TXCP)) {
    return (
      "IN_TX and IN_TXCP need a processor with TSX that microcode has not switched off, and a hypervisor that passes " +
      "it on, and a counter that can be checkpointed (number 2): leave the modifier away"
    );
  }
  if (asked.attr.flags?.includes("freq")) {
    const rate = host.readFile(MAX_SAMPLE_RATE)?.trim() ?? "unknown";
    return (
      `a frequency must not exceed kernel.perf_event_max_sample_rate, which is ${rate} (the kernel lowers it by itself ` +
      "when interrupts take too long)"
    );
  }
  if (asked.attr.flags?.includes("inherit") && (BigInt(asked.attr.sample_type ?? 0) & READ) !== 0n) {
    return "an inherited event can't sample its reading (from Linux 6.13 on it can, with TID): leave 'inherit' away";
  }
  if (asked.inGroup && asked.attr.flags?.some((flag) => flag === "pinned" || flag === "exclusive")) {
    return "only the leader of a group can be pinned (D) or exclusive (e): leave the modifier away from the members";
  }
  if (asked.inGroup) {
    return "the group can't be scheduled together: more events than counters, or of different PMUs; make it smaller";
  }
  return "the kernel or its PMU does not take this combination of event, target and modifiers (perf_event_open(2))";
}

function tooManyDescriptors(host: HostFacts): string {
  const limit = /^Max open files\s+(\d+)/m.exec(host.readFile("/proc/self/limits") ?? "")?.[1];
  const most = limit === undefined ? "" : `, ${limit}`;
  return `this process has as many descriptors open as it may${most}: close some, or raise the limit (ulimit -n)`;
}

function notSupported(asked: Asked): string {
  if (asksFor(asked, IN_TXCP) && isSampling(asked)) {
    return "an IN_TXCP event must not sample: count it with period 0, and let a second event without it interrupt";
  }
  if (Number(asked.attr.precise_ip ?? 0) > 0)
    return "this PMU can't sample that precisely: ask for less (:p, or none)";
  if (isSampling(asked)) {
    return "this PMU can't interrupt at an overflow (no APIC, or a virtual PMU without it): count without sampling";
  }
  return "the hardware can't do what the event asks for: leave its modifiers away";
}

/**
 * What the user can do about a refusal of perf_event_open.
 *
 * @param errno Positive error number.
 * @param asked What was asked for.
 * @param host Files of the host that refused, for the values that are in force now.
 * @returns The remedy; undefined where the error says it all.
 */
export function refusalRemedy(errno: number, asked: Asked, host: HostFacts): string | undefined {
  switch (errno) {
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return denied(asked, host);
    case ERRNO.ENOENT:
      return noSuchEvent(asked, host);
    case ERRNO.EINVAL:
      return invalid(asked, host);
    case ERRNO.EOPNOTSUPP:
      return notSupported(asked);
    case ERRNO.EMFILE:
      return tooManyDescriptors(host);
    case ERRNO.ENFILE:
      return "the machine has as many files open as it may: raise fs.file-max";
    case ERRNO.ESRCH:
      return `no task has the id ${asked.pid}: it has ended, or lives in another pid namespace`;
    case ERRNO.ENODEV:
      return asked.cpu < 0
        ? "the event source has lost its device, or the processor lacks the feature"
        : `processor ${asked.cpu} does not exist or is offline: see /sys/devices/system/cpu/online`;
    case ERRNO.EBUSY:
      return "another event has the PMU for itself alone (exclusive): end the other profiler";
    case ERRNO.ENOSPC:
      return "all hardware breakpoints are taken (x86 has four for a thread): close some";
    case ERRNO.E2BIG:
      return "this kernel is older than a field that the event uses";
    case ERRNO.EOVERFLOW:
      return "call chains may have kernel.perf_event_max_stack frames: lower 'sample_max_stack', or raise the limit";
    case ERRNO.ENOSYS:
      return "the kernel was built without CONFIG_PERF_EVENTS, or a seccomp profile hides it";
    default:
      return undefined;
  }
}

/** Errors that say that a host can't count an event, rather than that something is wrong. */
const CANNOT_COUNT: ReadonlySet<number> = new Set([
  ERRNO.EINVAL,
  ERRNO.ENODEV,
  ERRNO.ENOENT,
  ERRNO.ENOSYS,
  ERRNO.ENXIO,
  ERRNO.EOPNOTSUPP,
]);

/** Whether a refusal means "not supported here". */
export function meansNotSupported(errno: number): boolean {
  return CANNOT_COUNT.has(errno);
}
