/** One row of the summary per test. */
import { median } from "../median.ts";
import { group } from "../plural.ts";
import type { Attempt, Phase, TestResult, Verdict } from "../run/mod.ts";
import type { Style } from "./style.ts";
import type { Cell, Column } from "./table.ts";

const ENGINE: Column = { title: "engine", align: "left" };
const COLUMNS: readonly Column[] = [
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

/** The columns: the engine is told where one is not tickproof's own. */
export function columnsOf(results: readonly TestResult[]): readonly Column[] {
  const [test, ...rest] = COLUMNS;
  return test && showsEngine(results) ? [test, ENGINE, ...rest] : COLUMNS;
}

function showsEngine(results: readonly TestResult[]): boolean {
  return results.some(({ engine }) => engine !== "embedded");
}

/** The cells of tests, a row each. */
export function rowsOf(results: readonly TestResult[], style: Style): Cell[][] {
  const withEngine = showsEngine(results);
  return results.map((result) => {
    const [name, ...rest] = row(result, style);
    return name && withEngine ? [name, { text: result.engineLabel }, ...rest] : row(result, style);
  });
}

/** What stands where there is nothing to show. */
const NOTHING = "–";

/** Verdicts of attempts that went to their end. */
const SOUND: ReadonlySet<Verdict["kind"]> = new Set(["pass", "xpass"]);

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
function row({ test, verdict, attempts, passed }: TestResult, style: Style): Cell[] {
  const counted = (key: "ticks" | "events" | "signals" | "switches"): Cell => {
    const value = medianOf(attempts, ({ counts }) => counts?.[key]);
    return { text: value === undefined ? NOTHING : group(Math.round(value)) };
  };
  // A run that went wrong may have ended early: its time says nothing.
  const sound = attempts.filter((attempt) => SOUND.has(attempt.verdict.kind));
  const native = medianOf(attempts, ({ milliseconds }) => milliseconds.native);
  const timed = (phase: Phase): Cell => {
    const value = phase === "native" ? native : medianOf(sound, ({ milliseconds }) => milliseconds[phase]);
    if (value === undefined) return { text: NOTHING };
    const ratio = phase === "native" || !native ? "" : ` ${`${(value / native).toFixed(1)}×`.padStart(7)}`;
    return { text: seconds(value) + ratio };
  };
  const tally = attempts.length > 1 ? ` ${passed}/${attempts.length}` : "";
  const flagged = verdict.kind === "pass" && verdict.flags !== undefined ? ", flagged" : "";
  const looks = {
    pass: style.good,
    flaky: style.warn,
    skip: style.warn,
    xfail: style.warn,
    xpass: style.bad,
    fail: style.bad,
    timeout: style.bad,
    broken: style.bad,
  };
  return [
    { text: test.name },
    { text: verdict.kind + flagged + tally, style: looks[verdict.kind] },
    ...(["ticks", "events", "signals", "switches"] as const).map(counted),
    ...(["native", "record", "replay"] as const).map(timed),
  ];
}
