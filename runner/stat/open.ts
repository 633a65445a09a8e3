/** Opening the counters of a run on its program, which is still held back. */
import {
  Counter,
  type CounterOptions,
  happensInKernel,
  isErrno,
  type NotSupported,
  type PerfEvent,
  type Reading,
  toNotSupported,
  toReading,
} from "../../ffi/mod.ts";
import type { StatRow } from "./events.ts";

/** A row with its counters: one, or one for each processor where the event is of whole packages. */
export interface OpenRow {
  /** As the row's own, with `:u` behind it where the kernel did not let us count itself. */
  readonly name: string;
  readonly event: PerfEvent | undefined;
  readonly counters: readonly Counter[];
  /** Why there is none. */
  readonly refused: NotSupported | undefined;
}

/** The leader of each group, on each target. */
type Leaders = Map<number, readonly (Counter | NotSupported | undefined)[]>;

/** What counts, if not this kernel. */
type Machine = Pick<CounterOptions, "system" | "host">;

/** Whether the user has said which modes to count. */
function namesModes({ attr }: PerfEvent): boolean {
  return attr.flags?.some((flag) => flag === "exclude_kernel" || flag === "exclude_user") ?? false;
}

/** Opens an event; where the kernel forbids to count itself, in user mode only. */
function openAllowed(event: PerfEvent, options: CounterOptions): Counter | NotSupported {
  try {
    return Counter.tryOpen(event, options);
  } catch (error) {
    if (namesModes(event) || !(isErrno(error, "EACCES") || isErrno(error, "EPERM"))) throw error;
    if (happensInKernel(event.attr)) return toNotSupported(error);
    const { attr, name } = event;
    const flags = [...(attr.flags ?? []), "exclude_kernel", "exclude_hv"] as const;
    const separator = name.endsWith("/") ? "" : ":";
    return Counter.tryOpen({ ...event, name: `${name}${separator}u`, attr: { ...attr, flags } }, options);
  }
}

/** Opens an event on each target; undefined for a task that has ended meanwhile. */
function openOn(
  event: PerfEvent,
  targets: readonly CounterOptions[],
  leaders: readonly (Counter | NotSupported | undefined)[] | undefined,
  machine: Machine,
): (Counter | NotSupported | undefined)[] {
  // An event of a whole package belongs to no task; it is counted on the processors that stand for the packages.
  if (event.cpus !== undefined)
    return event.cpus.map((cpu) => openAllowed(event, { ...machine, pid: -1, cpu }));
  const opened: (Counter | NotSupported | undefined)[] = [];
  for (const [index, target] of targets.entries()) {
    const leader = leaders?.[index];
    try {
      const isGone = leaders !== undefined && !(leader instanceof Counter);
      const options = { ...machine, ...target, ...(leader instanceof Counter && { leader }) };
      opened.push(isGone ? undefined : openAllowed(event, options));
    } catch (error) {
      if (targets.length > 1 && isErrno(error, "ESRCH")) {
        opened.push(undefined);
        continue;
      }
      for (const one of opened) if (one instanceof Counter) one[Symbol.dispose]();
      throw error;
    }
  }
  return opened;
}

/**
 * Opens the counters of all rows, which count nothing yet.
 *
 * @param targets Whom to count.
 * @param machine What counts. @default this kernel
 * @returns A row for each; `counters` are the caller's to dispose.
 * @throws {SyscallError} When the kernel forbids counting, or there are no descriptors left.
 */
export function openRows(
  rows: readonly StatRow[],
  targets: readonly CounterOptions[],
  machine: Machine = {},
): OpenRow[] {
  const leaders: Leaders = new Map();
  const opened: OpenRow[] = [];
  try {
    for (const row of rows) opened.push(openRow(row, targets, leaders, machine));
  } catch (error) {
    closeRows(opened);
    throw error;
  }
  return opened;
}

function openRow(
  { name, event, group }: StatRow,
  targets: readonly CounterOptions[],
  leaders: Leaders,
  machine: Machine,
): OpenRow {
  const without = (reason: string): OpenRow => ({
    name,
    event: undefined,
    counters: [],
    refused: { state: "not-supported", reason },
  });
  if ("unnamed" in event) return without(event.unnamed);
  const known = group === undefined ? undefined : leaders.get(group);
  if (known?.some((leader) => leader !== undefined && !(leader instanceof Counter)))
    return without("the leader of its group is not supported");
  const results = openOn(event, targets, known, machine);
  const counters = results.filter((result) => result instanceof Counter);
  const refused = results.find(
    (result): result is NotSupported => result !== undefined && !(result instanceof Counter),
  );
  if (group !== undefined && known === undefined) leaders.set(group, results);
  if (refused === undefined) return { name: counters[0]?.event.name ?? name, event, counters, refused };
  for (const counter of counters) counter[Symbol.dispose]();
  return { name, event, counters: [], refused };
}

/**
 * Enables what does not start at an exec by itself.
 *
 * @param all Whether nothing does.
 */
export function enableRows(rows: readonly OpenRow[], all = false): void {
  for (const { event, counters } of rows) {
    if (all || event?.cpus !== undefined) for (const counter of counters) counter.enable();
  }
}

/** The reading of a row: of several counters their sum. */
export function readRow({ counters, refused }: OpenRow): Reading {
  if (refused !== undefined) return refused;
  const readings = counters.map((counter) => counter.reading());
  const [first] = readings;
  if (first === undefined) return { state: "not-supported", reason: "no processor counts it" };
  if (readings.length === 1) return first;
  const sum = (of: (reading: (typeof readings)[number]) => bigint) =>
    readings.reduce((total, reading) => total + of(reading), 0n);
  const value = sum((reading) => (reading.state === "counted" ? reading.value : 0n));
  return toReading(
    value,
    sum((reading) => reading.enabled),
    sum((reading) => reading.running),
  );
}

/** Closes the counters, members of a group before their leaders. */
export function closeRows(rows: readonly OpenRow[]): void {
  for (const { counters } of rows.toReversed()) for (const counter of counters) counter[Symbol.dispose]();
}
