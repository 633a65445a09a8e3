/** What read(2) gives of an event or of its group. Source: kernel/events/core.c (perf_event_read_value, perf_read_group, perf_read_one). */
import { PERF_FORMAT } from "../../../ffi/mod.ts";
import type { PmuDriver } from "../pmu/driver.ts";
import type { Event } from "./event.ts";

/** Value and times of an event with all that was inherited from it, in whole units. */
export interface Total {
  readonly count: number;
  readonly enabled: number;
  readonly running: number;
}

/** Looks at the counter, and at the clock. */
export function bringUpToDate(event: Event, driver: PmuDriver | undefined): void {
  if (event.state === "active" && event.source.kind === "hardware") driver?.update(event.source.event);
  event.updateTimes();
}

/** See {@link Total}. */
export function totalOf(event: Event, driver: PmuDriver | undefined): Total {
  bringUpToDate(event, driver);
  let [count, enabled, running] = [event.ownCount, event.enabled, event.running];
  for (const child of event.children) {
    bringUpToDate(child, driver);
    count += child.ownCount;
    enabled += child.enabled;
    running += child.running;
  }
  return {
    count: Math.floor(count + event.childCount),
    enabled: Math.floor(enabled + event.childEnabled),
    running: Math.floor(running + event.childRunning),
  };
}

/** Words of a reading, in the order of perf_event_open(2), "Reading results". */
export function readWords(event: Event, driver: PmuDriver | undefined): bigint[] {
  const has = (bit: number) => (event.attr.readFormat & bit) !== 0;
  const own = (member: Event, { count }: Total) => [
    BigInt(count),
    ...(has(PERF_FORMAT.ID) ? [BigInt(member.id)] : []),
    ...(has(PERF_FORMAT.LOST) ? [BigInt(member.lost)] : []),
  ];
  const times = ({ enabled, running }: Total) => [
    ...(has(PERF_FORMAT.TOTAL_TIME_ENABLED) ? [BigInt(enabled)] : []),
    ...(has(PERF_FORMAT.TOTAL_TIME_RUNNING) ? [BigInt(running)] : []),
  ];
  if (!has(PERF_FORMAT.GROUP)) {
    const value = totalOf(event, driver);
    const words = own(event, value);
    return [...words.slice(0, 1), ...times(value), ...words.slice(1)];
  }
  const { group, leader } = event.leader;
  const values = group.map((member) => ({ member, value: totalOf(member, driver) }));
  const leaders = values.find(({ member }) => member === leader)?.value ?? totalOf(leader, driver);
  return [
    BigInt(group.length),
    ...times(leaders),
    ...values.flatMap(({ member, value }) => own(member, value)),
  ];
}
