/**
 * perf_event_open(2) up to the point where the event exists: its checks in the kernel's order.
 * Source: Linux 6.18, kernel/events/core.c (SYSCALL_DEFINE5(perf_event_open), perf_event_alloc, perf_try_init_event,
 * perf_event_validate_size), arch/x86/events/core.c (x86_pmu_event_init).
 */
import { ERRNO, PERF_FLAG, PERF_FORMAT, PERF_SAMPLE, PERF_TYPE } from "../../../ffi/mod.ts";
import { hardwareEvent, type PmuDriver } from "../pmu/driver.ts";
import { hwConfig } from "../pmu/hw-config.ts";
import type { Selection } from "../pmu/selection.ts";
import { unitOf } from "../pmu/units.ts";
import type { CoreKind, HostProfile } from "../profile.ts";
import { isAtLeast } from "../release.ts";
import { type Attr, decodeAttr } from "./attr.ts";
import type { Contexts } from "./contexts.ts";
import { Event, firstPeriod, type Source } from "./event.ts";
import { clockOf, connect } from "./ioctl.ts";
import { allowsAddresses, allowsAnything, allowsAttr, allowsCpu, allowsKernel } from "./permission.ts";
import { softwareKind } from "./software.ts";

/** First release with PERF_FORMAT_LOST (commit 119a784c8127). */
const LOST_RELEASE = [6, 0] as const;

/** What perf_event_open looks at. */
export interface OpenWorld {
  readonly profile: HostProfile;
  readonly driver: PmuDriver | undefined;
  readonly contexts: Contexts;
  readonly sampleRate: number;
  eventOf(fd: number): Event | undefined;
  /** No more descriptors are left. */
  readonly full: boolean;
  hasTask(task: number): boolean;
  nextId(): number;
}

/** Arguments of the call. */
export interface OpenCall {
  readonly attr: Uint8Array;
  /** Task that calls. */
  readonly caller: number;
  readonly pid: number;
  readonly cpu: number;
  readonly group: number;
  readonly flags: number;
}

const ALL_FLAGS = Object.values(PERF_FLAG).reduce((all, flag) => all | flag, 0);
const PERIOD_LIMIT = 1n << 63n;
/** Clocks that an event may take its times from: MONOTONIC, MONOTONIC_RAW, REALTIME, BOOTTIME, TAI. uapi/linux/time.h. */
const CLOCKS: readonly number[] = [0, 1, 4, 7, 11];
/** Those that an interrupt of a hardware counter, which is no ordinary one, may read (perf_event_set_clock). */
const NMI_SAFE_CLOCKS: readonly number[] = [1, 4];
/** Default of kernel.perf_event_max_stack. */
const MAX_STACK = 127;
/** Largest reading of a group (perf_event_validate_size). */
const LARGEST_READING = 16_384;

function checkAttr(world: OpenWorld, attr: Attr, { flags, pid, cpu }: OpenCall): number {
  if (!allowsAttr(world.profile.kernel, attr)) return -ERRNO.EACCES;
  const tooFast = attr.has("freq")
    ? attr.samplePeriod > BigInt(world.sampleRate)
    : attr.samplePeriod >= PERIOD_LIMIT;
  if (tooFast) return -ERRNO.EINVAL;
  if (!allowsAddresses(world.profile.kernel, attr)) return -ERRNO.EACCES;
  if ((flags & PERF_FLAG.PID_CGROUP) === 0) return 0;
  return pid === -1 || cpu === -1 ? -ERRNO.EINVAL : 0;
}

/** First release in which the upper half of a generic event's config names a PMU (perf_init_event). */
const PMU_TYPE_RELEASE = [5, 13] as const;
const PMU_TYPE_SHIFT = 32n;
const HW_EVENT_MASK = 0xffff_ffffn;

/** What is asked of which PMU: the config of a generic event may name one. Undefined if there is no such PMU. */
function pmuEvent(
  { profile }: OpenWorld,
  { type, config }: Attr,
): { config: bigint; unit: CoreKind } | undefined {
  const generic = type === PERF_TYPE.HARDWARE || type === PERF_TYPE.HW_CACHE;
  if (!generic || !isAtLeast(profile.kernel.release, PMU_TYPE_RELEASE)) {
    const unit = generic ? "core" : unitOf(profile.cpu, type);
    return unit && { config, unit };
  }
  const pmu = Number(config >> PMU_TYPE_SHIFT);
  const unit = pmu === 0 ? "core" : unitOf(profile.cpu, pmu);
  return unit && { config: config & HW_EVENT_MASK, unit };
}

function hardwareSource(world: OpenWorld, attr: Attr): Source | number {
  const { driver } = world;
  const asked = pmuEvent(world, attr);
  if (!driver || asked === undefined) return -ERRNO.ENOENT;
  const selection = hwConfig(driver.layout, {
    type: attr.type,
    ...asked,
    samplePeriod: attr.samplePeriod,
    frequency: attr.has("freq"),
    preciseIp: attr.preciseIp,
    excludeUser: attr.has("exclude_user"),
    excludeHost: attr.has("exclude_host"),
    excludeIdle: attr.has("exclude_idle"),
    branchStack: attr.branchStack,
    mayCountOthers: allowsCpu(world.profile.kernel),
  });
  if (typeof selection === "number") return selection;
  return { kind: "hardware", event: hardwareEvent(driver.layout, selection, firstPeriod(attr)) };
}

function sourceOf(world: OpenWorld, attr: Attr): Source | number {
  switch (attr.type) {
    case PERF_TYPE.HARDWARE:
    case PERF_TYPE.HW_CACHE:
    case PERF_TYPE.RAW:
      return hardwareSource(world, attr);
    case PERF_TYPE.SOFTWARE: {
      const kind = softwareKind(attr);
      return typeof kind === "number" ? kind : { kind };
    }
    case PERF_TYPE.TRACEPOINT:
      return -ERRNO.EINVAL;
    default:
      return unitOf(world.profile.cpu, attr.type) === undefined ? -ERRNO.ENOENT : hardwareSource(world, attr);
  }
}

/** First releases that let an inherited event be read with its group (commit ba5213ae6b88), and sample its reading. */
const INHERITED_GROUP_RELEASE = [4, 13] as const;
const INHERITED_READING_RELEASE = [6, 13] as const;

/** Whether what an inherited event is to tell can't be told for it and its children. */
function inheritsTooMuch({ profile }: OpenWorld, attr: Attr): boolean {
  if (!attr.has("inherit")) return false;
  const { release } = profile.kernel;
  if (!isAtLeast(release, INHERITED_GROUP_RELEASE)) return (attr.readFormat & PERF_FORMAT.GROUP) !== 0;
  const perTask = isAtLeast(release, INHERITED_READING_RELEASE) && attr.samples(PERF_SAMPLE.TID);
  return attr.samples(PERF_SAMPLE.READ) && !perTask;
}

/** Rules of an event by itself, before anything is asked whether it can count it (perf_event_alloc). */
function checkAlone(world: OpenWorld, attr: Attr, hasTask: boolean): number {
  return (attr.has("sigtrap") && !hasTask) || inheritsTooMuch(world, attr) ? -ERRNO.EINVAL : 0;
}

/** What is wrong with an event, once it is known what counts it; the rest of perf_event_alloc. */
function checkCounted(attr: Attr, flags: number): number {
  // No event source here has the vector registers of precise samples, or fills an AUX area.
  if (attr.extendedRegisters) return -ERRNO.EOPNOTSUPP;
  if (attr.has("aux_output")) return -ERRNO.EOPNOTSUPP;
  if (attr.auxPause && attr.auxResume) return -ERRNO.EINVAL;
  if (attr.auxStartPaused) return -ERRNO.EOPNOTSUPP;
  // Control groups are not modelled: no descriptor is one.
  if ((flags & PERF_FLAG.PID_CGROUP) !== 0) return -ERRNO.EBADF;
  return attr.samples(PERF_SAMPLE.CALLCHAIN) && attr.maxStack > MAX_STACK ? -ERRNO.EOVERFLOW : 0;
}

/** Whether the clock is one that the event may take its times from (perf_event_set_clock). */
function hasClock(attr: Attr, source: Source): boolean {
  const clocks = source.kind === "hardware" ? NMI_SAFE_CLOCKS : CLOCKS;
  return !attr.has("use_clockid") || clocks.includes(attr.clockId);
}

function selectionsOf(events: readonly Event[]): Selection[] {
  return events.flatMap(({ source }) => (source.kind === "hardware" ? [source.event.selection] : []));
}

/** Rules between an event and the leader of the group that it joins. */
function checkGroup(event: Event, leader: Event): number {
  const { attr, cpu, context } = event;
  const wrong =
    leader.leader !== leader ||
    clockOf(leader) !== clockOf(event) ||
    leader.cpu !== cpu ||
    leader.context !== context ||
    attr.has("exclusive") ||
    attr.has("pinned");
  return wrong ? -ERRNO.EINVAL : 0;
}

/** Bytes of a reading of one event of a group with so many (`__perf_event_read_size`). */
function readingSize(format: number, events: number): number {
  const words = (...bits: readonly number[]) => bits.filter((bit) => (format & bit) !== 0).length;
  const group = (format & PERF_FORMAT.GROUP) !== 0;
  const entry = 1 + words(PERF_FORMAT.ID, PERF_FORMAT.LOST);
  const head = words(PERF_FORMAT.TOTAL_TIME_ENABLED, PERF_FORMAT.TOTAL_TIME_RUNNING, PERF_FORMAT.GROUP);
  return 8 * (head + entry * (group ? events : 1));
}

/** Whether every event of a group, with the new one, can still be read whole. */
function canBeRead(members: readonly Event[]): boolean {
  return members.every(({ attr }) => readingSize(attr.readFormat, members.length) <= LARGEST_READING);
}

/**
 * Opens an event, which is not yet in its context.
 *
 * @returns The event, or −errno.
 */
export function openEvent(world: OpenWorld, call: OpenCall): Event | number {
  const { kernel, cpu: processor } = world.profile;
  const { pid, cpu, group, flags } = call;
  if (flags < 0 || flags > ALL_FLAGS || (flags & ~ALL_FLAGS) !== 0) return -ERRNO.EINVAL;
  if (kernel.perfEventOpen !== undefined) return -ERRNO[kernel.perfEventOpen];
  if (!allowsAnything(kernel)) return -ERRNO.EACCES;
  const attr = decodeAttr(call.attr, allowsKernel(kernel));
  if (typeof attr === "number") return attr;
  if ((attr.readFormat & PERF_FORMAT.LOST) !== 0 && !isAtLeast(kernel.release, LOST_RELEASE))
    return -ERRNO.EINVAL;
  const refused = checkAttr(world, attr, call);
  if (refused !== 0) return refused;
  if (world.full) return -ERRNO.EMFILE;
  const named = group === -1 ? undefined : world.eventOf(group);
  if (group !== -1 && !named) return -ERRNO.EBADF;
  const leader = (flags & PERF_FLAG.FD_NO_GROUP) === 0 ? named : undefined;
  const output = (flags & PERF_FLAG.FD_OUTPUT) === 0 ? undefined : named;
  // In the mode of control groups the pid is a descriptor, and there is no task.
  const ofCgroup = (flags & PERF_FLAG.PID_CGROUP) !== 0;
  const task = pid === -1 || ofCgroup ? undefined : pid === 0 ? call.caller : pid;
  if (task !== undefined && !world.hasTask(task)) return -ERRNO.ESRCH;
  if (task !== undefined && leader && leader.attr.has("inherit") !== attr.has("inherit"))
    return -ERRNO.EINVAL;
  if (cpu < -1 || cpu >= processor.cores || (cpu === -1 && task === undefined)) return -ERRNO.EINVAL;
  const alone = checkAlone(world, attr, task !== undefined);
  if (alone !== 0) return alone;
  const source = sourceOf(world, attr);
  if (typeof source === "number") return source;
  const broken = checkCounted(attr, flags);
  if (broken !== 0) return broken;
  if (!hasClock(attr, source)) return -ERRNO.EINVAL;
  if (task === undefined && !allowsCpu(kernel)) return -ERRNO.EACCES;
  const context = task === undefined ? world.contexts.ofCpu(cpu) : world.contexts.ofTask(task);
  const event = new Event({ id: world.nextId(), attr, context, cpu, leader, source });
  const misfit = leader ? checkGroup(event, leader) : 0;
  if (misfit !== 0) return misfit;
  const members = leader ? [...leader.group, event] : [event];
  if (world.driver && !world.driver.fits(selectionsOf(members))) return -ERRNO.EINVAL;
  const redirected = output ? connect(event, output) : 0;
  if (redirected !== 0) return redirected;
  if (!canBeRead(members)) return -ERRNO.E2BIG;
  // The AUX area would be that of a leader, and none has one (perf_get_aux_event).
  return attr.samplesAux || attr.auxPause || attr.auxResume ? -ERRNO.EINVAL : event;
}
