/** From the runs to what is reported: mean and standard deviation of each event and time. */

import type { Certainty } from "../../engine/host/mod.ts";
import type { PerfEvent } from "../../ffi/mod.ts";
import type { StatRow } from "./events.ts";
import type { StatRun } from "./measure.ts";

/** Values of several runs. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of the sample (n − 1); 0 of one run. */
  readonly deviation: number;
  readonly values: readonly number[];
}

/** What all runs say of one event. */
export type EventSummary = { readonly name: string } & (
  | ({
      readonly state: "counted";
      /** What one count is, if not one event: "msec", "Joules". */
      readonly unit: string | undefined;
      /** Running ÷ enabled over all runs; below 1 the values are estimates. */
      readonly share: number;
      /** Nanoseconds that it was on a counter, on average over the runs. */
      readonly running: number;
      /** On a described host: counted, or by a rule of thumb. */
      readonly certainty?: Certainty;
    } & Spread)
  | { readonly state: "not-counted" | "not-supported"; readonly reason: string }
);

/** The whole report. */
export interface StatSummary {
  readonly command: readonly string[];
  /** The described host that it ran on. */
  readonly host?: string;
  /** Whom the counters have watched, if not the command: "the system". */
  readonly target?: string;
  readonly runs: number;
  readonly interrupted: boolean;
  readonly events: readonly EventSummary[];
  /** Seconds. */
  readonly elapsed: Spread;
  readonly user: Spread;
  readonly system: Spread;
}

/** Mean and standard deviation. */
export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0, values };
}

/** Events whose counts are nanoseconds, and are shown as milliseconds. */
const CLOCKS = /^(?:task|cpu)-clock(?::|$)/;

function unitOf(name: string, event: PerfEvent | undefined): { unit: string | undefined; scale: number } {
  if (CLOCKS.test(name)) return { unit: "msec", scale: 1e-6 };
  return { unit: event?.unit, scale: event?.scale ?? 1 };
}

function summarizeEvent(row: StatRow, index: number, runs: readonly StatRun[]): EventSummary {
  const shown = runs.flatMap((run) => run.rows[index] ?? []);
  const name = shown[0]?.name ?? row.name;
  const counted = shown.flatMap(({ reading }) => (reading.state === "counted" ? [reading] : []));
  const certainty = shown.find((one) => one.certainty !== undefined)?.certainty;
  if (certainty === "unknown" && counted.length > 0) {
    return { name, state: "not-counted", reason: "the model of a described host does not know of it" };
  }
  if (counted.length === 0) {
    const [reading] = shown.map((one) => one.reading).filter((one) => one.state !== "counted");
    return { name, state: reading?.state ?? "not-counted", reason: reading?.reason ?? "there was no run" };
  }
  const { unit, scale } = unitOf(name, "unnamed" in row.event ? undefined : row.event);
  const enabled = counted.reduce((sum, reading) => sum + Number(reading.enabled), 0);
  const running = counted.reduce((sum, reading) => sum + Number(reading.running), 0);
  return {
    name,
    state: "counted",
    unit,
    share: enabled > running ? running / enabled : 1,
    running: running / counted.length,
    ...(certainty && { certainty }),
    ...spread(counted.map((reading) => Number(reading.estimate) * scale)),
  };
}

/**
 * Puts runs together.
 *
 * @param runs One at least; an event that was counted in some of them only is the mean of those.
 */
export function summarizeRuns(
  command: readonly string[],
  rows: readonly StatRow[],
  runs: readonly StatRun[],
  of: Pick<StatSummary, "host" | "target"> = {},
): StatSummary {
  return {
    command,
    ...of,
    runs: runs.length,
    interrupted: runs.some((run) => run.interrupted !== undefined),
    events: rows.map((row, index) => summarizeEvent(row, index, runs)),
    elapsed: spread(runs.map((run) => run.elapsed)),
    user: spread(runs.map((run) => run.user)),
    system: spread(runs.map((run) => run.system)),
  };
}
