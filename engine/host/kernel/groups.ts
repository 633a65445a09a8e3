/** Groups of events go on the PMU together or not at all. Source: kernel/events/core.c (group_sched_in, group_sched_out). */
import type { HardwareEvent, PmuDriver } from "../pmu/driver.ts";
import type { CoreKind } from "../profile.ts";
import { type Event, THROTTLED } from "./event.ts";

/** The processor that tasks run on; events of others are on, and have nothing to count. */
export const BUSY_CPU = 0;

/** Told when an event that stood still for its many interrupts goes on. */
export type Unthrottled = (event: Event) => void;

/** Whether an event needs no counter. */
export function isSoftware({ source }: Event): boolean {
  return source.kind !== "hardware";
}

/** Whether an event counts on the processor that tasks run on. */
export function runsHere({ cpu, context }: Event): boolean {
  return cpu < 0 || cpu === BUSY_CPU || context.task === undefined;
}

/** Events that need a counter of the processor where tasks run. */
function hardwareOf(events: readonly Event[]): HardwareEvent[] {
  return events.flatMap(({ source, context, cpu }) =>
    source.kind === "hardware" && (context.task !== undefined || cpu === BUSY_CPU) ? [source.event] : [],
  );
}

/** Puts a group on, as far as its members are switched on. @returns Whether there were counters for all of them. */
export function groupIn(
  leader: Event,
  driver: PmuDriver | undefined,
  unthrottled: Unthrottled,
  kind: CoreKind = "core",
): boolean {
  // Events of another kind of core just wait until the task is there (perf's pmu->filter).
  const isHere = (event: Event) =>
    runsHere(event) &&
    (event.source.kind !== "hardware" || (event.source.event.selection.unit ?? "core") === kind);
  const members = leader.group.filter((event) => event.state === "inactive" && isHere(event));
  const hardware = hardwareOf(members);
  if (hardware.length > 0 && !driver?.add(hardware)) return false;
  for (const member of members) {
    if (member.interrupts === THROTTLED) unthrottled(member);
    member.interrupts = 0;
    member.enter("active");
  }
  return true;
}

/** Takes an event off, with all that it leads. */
export function groupOut(event: Event, driver: PmuDriver | undefined): void {
  const members = event.leader === event ? event.group : [event];
  const active = members.filter(({ state }) => state === "active");
  for (const hardware of hardwareOf(active)) driver?.remove(hardware);
  for (const member of active) member.enter("inactive");
}
