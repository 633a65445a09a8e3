/** One row of the summary per test. */
import { median } from "../median.ts";
import { group } from "../plural.ts";
import type { Attempt, Phase, TestResult } from "../run/mod.ts";
import type { Style } from "./style.ts";
import type { Cell, Column } from "./table.ts";

export const COLUMNS: readonly Column[] = [
  { title: "test", align: "left" },
  { title: "verdict", align: "left" },
  { title: "ticks", align: "right" },
  { title: "events", align: "right" },
  { title: "signals", align: "right" },
  { title: "switches", align: "right" },
  { title: "native", align: "right" },
  { title: "record", align: "right" },
  { title: "replay", align: "right" },
];

/** What stands where there is nothing to show. */
const NOTHING = "–";

/** A time: "0.12 s". */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function medianOf(
  attempts: readonly Attempt[],
  pick: (attempt: Attempt) => number | undefined,
): number | undefined {
  return median(attempts.map(pick).filter((value) => value !== undefined));
}

/** The cells of a test. Numbers are medians over its attempts. */
export function row({ test, verdict, attempts, passed }: TestResult, style: Style): Cell[] {
  const counted = (key: "ticks" | "events" | "signals" | "switches"): Cell => {
    const value = medianOf(attempts, ({ counts }) => counts?.[key]);
    return { text: value === undefined ? NOTHING : group(Math.round(value)) };
  };
  // A run that went wrong may have ended early: its time says nothing.
  const sound = attempts.filter((attempt) => attempt.verdict.kind === "pass");
  const native = medianOf(attempts, ({ milliseconds }) => milliseconds.native);
  const timed = (phase: Phase): Cell => {
    const value = phase === "native" ? native : medianOf(sound, ({ milliseconds }) => milliseconds[phase]);
    if (value === undefined) return { text: NOTHING };
    const ratio = phase === "native" || !native ? "" : ` ${`${(value / native).toFixed(1)}×`.padStart(7)}`;
    return { text: seconds(value) + ratio };
  };
  const tally = attempts.length > 1 ? ` ${passed}/${attempts.length}` : "";
  const looks = {
    pass: style.good,
    skip: style.warn,
    fail: style.bad,
    timeout: style.bad,
    broken: style.bad,
  };
  return [
    { text: test.name },
    { text: verdict.kind + tally, style: looks[verdict.kind] },
    ...(["ticks", "events", "signals", "switches"] as const).map(counted),
    ...(["native", "record", "replay"] as const).map(timed),
  ];
}
