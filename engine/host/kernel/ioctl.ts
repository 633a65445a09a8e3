/** ioctl(2) of an event. Source: kernel/events/core.c (_perf_ioctl, _perf_event_period). */
import { ERRNO, PERF_IOC, PERF_IOC_FLAG_GROUP } from "../../../ffi/mod.ts";
import type { PmuDriver } from "../pmu/driver.ts";
import { leastPeriod } from "../pmu/period-limit.ts";
import type { Contexts } from "./contexts.ts";
import type { Event } from "./event.ts";
import { bringUpToDate } from "./reading.ts";

export interface IoctlWorld {
  readonly driver: PmuDriver | undefined;
  readonly contexts: Contexts;
  readonly sampleRate: number;
  /** A period that is set while it counts is taken over at the next overflow only. */
  readonly periodTakesEffectLate: boolean;
  eventOf(fd: number): Event | undefined;
}

/** REFRESH takes an int. */
const INT_MAX = 0x7fff_ffff;
const PERIOD_LIMIT = 1n << 63n;

/** The event, or its whole group, each with what was inherited from it. */
function* chosen(event: Event, argument: number | bigint): Generator<Event> {
  const group = (Number(BigInt.asUintN(32, BigInt(argument))) & PERF_IOC_FLAG_GROUP) !== 0;
  for (const member of group ? event.leader.group : [event]) yield* withChildren(member);
}

function* withChildren(event: Event): Generator<Event> {
  yield event;
  yield* event.children;
}

function reset(event: Event, driver: PmuDriver | undefined): void {
  bringUpToDate(event, driver);
  event.setOwnCount(0);
}

/** What `x86_pmu_check_period` lets pass (arch/x86/events/core.c). */
function leastPeriodOf({ driver }: IoctlWorld, { source }: Event): number {
  if (source.kind !== "hardware") return 1;
  return leastPeriod(driver?.layout.periodLimit, source.event.selection.config);
}

function setPeriod(world: IoctlWorld, event: Event, period: bigint): number {
  if (!event.sampling || period === 0n) return -ERRNO.EINVAL;
  if (event.attr.has("freq")) {
    if (period > BigInt(world.sampleRate)) return -ERRNO.EINVAL;
    for (const each of withChildren(event)) each.frequency = Number(period);
    return 0;
  }
  if (period >= PERIOD_LIMIT || period < BigInt(leastPeriodOf(world, event))) return -ERRNO.EINVAL;
  for (const each of withChildren(event)) {
    each.setPeriod(Number(period));
    if (world.periodTakesEffectLate) continue;
    each.periodLeft = Number(period);
    if (each.source.kind !== "hardware") continue;
    world.driver?.update(each.source.event);
    each.source.event.periodLeft = 0;
    if (each.state === "active" && !each.source.event.stopped) world.driver?.restart(each.source.event);
  }
  return 0;
}

function refresh(world: IoctlWorld, event: Event, argument: number | bigint): number {
  if (event.attr.has("inherit") || !event.sampling) return -ERRNO.EINVAL;
  event.limit += Number(BigInt.asUintN(32, BigInt(argument))) & INT_MAX;
  world.contexts.enable(event);
  return 0;
}

function setOutput(world: IoctlWorld, event: Event, argument: number | bigint): number {
  const fd = Number(BigInt.asIntN(32, BigInt(argument)));
  if (fd === -1) return connect(event, undefined);
  const target = world.eventOf(fd);
  return target ? connect(event, target) : -ERRNO.EBADF;
}

/** Clock that an event takes its times from; undefined for the kernel's own. */
export function clockOf({ attr }: Event): number | undefined {
  return attr.has("use_clockid") ? attr.clockId : undefined;
}

/** Whether the records of two events may be in one ring (perf_event_set_output). */
function mayShare(event: Event, target: Event): boolean {
  const sameTask = target.cpu !== -1 || target.context === event.context;
  const backward = ({ attr }: Event) => attr.has("write_backward");
  return (
    target !== event &&
    target.cpu === event.cpu &&
    sameTask &&
    clockOf(target) === clockOf(event) &&
    backward(target) === backward(event)
  );
}

/** Sends the records of an event to another one's ring, which must be there. @returns 0 or −errno. */
export function connect(event: Event, target: Event | undefined): number {
  if (event.mapped || (target && (!mayShare(event, target) || target.ring === undefined)))
    return -ERRNO.EINVAL;
  event.ring = target?.ring;
  return 0;
}

/** @returns 0 or more, or −errno. */
export function ioctlEvent(
  world: IoctlWorld,
  event: Event,
  request: number,
  argument: number | bigint,
): number {
  switch (request) {
    case PERF_IOC.ENABLE:
      for (const each of chosen(event, argument)) world.contexts.enable(each);
      return 0;
    case PERF_IOC.DISABLE:
      for (const each of chosen(event, argument)) world.contexts.disable(each);
      return 0;
    case PERF_IOC.RESET:
      for (const each of chosen(event, argument)) reset(each, world.driver);
      return 0;
    case PERF_IOC.REFRESH:
      return refresh(world, event, argument);
    case PERF_IOC.PERIOD:
      return setPeriod(world, event, BigInt.asUintN(64, BigInt(argument)));
    case PERF_IOC.SET_OUTPUT:
      return setOutput(world, event, argument);
    case PERF_IOC.PAUSE_OUTPUT:
      if (!event.ring || event.ring.pages === 0) return -ERRNO.EINVAL;
      event.ring.paused = BigInt.asUintN(32, BigInt(argument)) !== 0n;
      return 0;
    default:
      return -ERRNO.ENOTTY;
  }
}
