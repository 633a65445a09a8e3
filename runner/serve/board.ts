/** From rows of the history to what the page shows. */
import {
  type AttemptRow,
  type FailingNow,
  type KeptAttempt,
  type LiveHistory,
  type Place,
  type PlaceCounts,
  type RunRow,
  rateOf,
} from "../history/mod.ts";
import { VERSION } from "../text/mod.ts";
import { firstBadKernel } from "./kernels.ts";
import type {
  Board,
  Column,
  DayLetter,
  FailingTest,
  FailureRate,
  LiveAttempt,
  LiveRun,
  MatrixCell,
  MatrixPart,
  RunState,
} from "./page-types.ts";
import { MATRIX_ROWS } from "./page-types.ts";

/** Runs, failures and flaky tests that are shown at most. */
const MOST_RUNS = 30;
const MOST_OPEN = 20;
const MOST_FAILING = 200;
const MOST_FLAKY = 100;
/** Letters of a reason in a list: the test's own page has all of it. */
const MOST_REASON = 400;
/** Days that the matrix shows. */
const DAYS = 30;
const DAY_MS = 86_400_000;

/** A run as the page has it. */
export function liveRun(run: RunRow, isOpen: boolean): LiveRun {
  const { id, startedAt, host, cpu, kernel, version, attempts, passed, skipped, planned } = run;
  return {
    ...{ id, startedAt, host, cpu, kernel, version, attempts, passed, skipped, planned },
    others: attempts - passed - skipped,
    state: stateOf(run, isOpen),
  };
}

function stateOf({ finished, seenAt }: RunRow, isOpen: boolean): RunState {
  if (finished) return "finished";
  if (isOpen) return "running";
  return seenAt === "" ? "interrupted" : "lost";
}

/** The column that a place is in: a machine keeps its own when it gets another kernel. */
export function columnOf({ host, kernel, cpu, engine, describedHost }: Place): Column {
  return { name: describedHost || host, described: describedHost !== "", engine, kernel, cpu };
}

const columnKey = (place: Place): string => {
  const { name, described, engine } = columnOf(place);
  return JSON.stringify([Number(described), name, engine]);
};

/** All columns: machines first, then described hosts, by name; of the newest kernel. */
function columnsOf(places: readonly Place[]): { columns: Column[]; index: Map<string, number> } {
  // The newest place comes first.
  const byKey = Map.groupBy(places, columnKey);
  const keys = [...byKey.keys()].toSorted();
  return {
    columns: keys.map((key) => columnOf(byKey.get(key)?.[0] as Place)),
    index: new Map(keys.map((key, at) => [key, at])),
  };
}

function failureRate(attempts: number, failed: number): FailureRate {
  return { attempts, failed, ...rateOf(failed, attempts) };
}

/** What the page shows first. */
export async function makeBoard(live: LiveHistory, store: string, now: Date): Promise<Board> {
  const { open, newest } = await live.runs(MOST_RUNS, MOST_OPEN);
  const openIds = new Set(open.map(({ id }) => id));
  const { cells, count } = await live.failing(MOST_FAILING);
  const tests = [...new Set(cells.map(({ test }) => test))];
  // No day is behind this one: only the counts of all time are wanted.
  const byTest = Map.groupBy(await live.cells(tests, "9999"), ({ test }) => test);
  const flakyFrom = monthBefore(now);
  const flaky = await live.flaky(flakyFrom);
  return {
    store,
    version: VERSION,
    tests: (await live.tests()).length,
    columns: columnsOf(await live.places()).columns.length,
    open: open.map((run) => liveRun(run, true)),
    newest: newest.map((run) => liveRun(run, openIds.has(run.id))),
    failing: cells.map((cell) => failingTest(cell, byTest.get(cell.test) ?? [])),
    failingCount: count,
    flaky: flaky
      .map(({ test, attempts, failed, lastBad }) => ({
        test,
        rate: failureRate(attempts, failed),
        last: lastBad,
      }))
      .toSorted((a, b) => b.rate.low - a.rate.low || a.test.localeCompare(b.test))
      .slice(0, MOST_FLAKY),
    flakyFrom,
  };
}

function failingTest(cell: FailingNow, ofTest: readonly PlaceCounts[]): FailingTest {
  const { test, verdict, reason, attempts, failed, firstBad, last, engine, describedHost } = cell;
  // A described host is the same on every kernel.
  const alike =
    describedHost === "" ? ofTest.filter((one) => one.engine === engine && one.describedHost === "") : [];
  const kernels = firstBadKernel(alike);
  return {
    ...columnOf(cell),
    test,
    verdict,
    reason: reason.slice(0, MOST_REASON),
    rate: failureRate(attempts, failed),
    since: firstBad ?? last,
    last,
    firstBad: kernels?.first,
    lastGood: kernels?.good,
  };
}

/** The month before that of a time: "2026-10". */
function monthBefore(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
}

/**
 * A part of the matrix over time.
 *
 * @param words That must all be in the name of a test.
 * @param from The first of the tests found.
 */
export async function makeMatrix(
  live: LiveHistory,
  words: string,
  from: number,
  now: Date,
): Promise<MatrixPart> {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (await live.tests()).filter((test) =>
    wanted.every((word) => test.toLowerCase().includes(word)),
  );
  const tests = found.slice(from, from + MATRIX_ROWS);
  const days = Array.from({ length: DAYS }, (_, at) =>
    new Date(now.getTime() - (DAYS - 1 - at) * DAY_MS).toISOString().slice(0, "2026-11-24".length),
  );
  const { columns, index } = columnsOf(await live.places());
  const counts = await live.cells(tests, days[0] ?? "");
  const byTest = Map.groupBy(counts, ({ test }) => test);
  return {
    count: found.length,
    from,
    days,
    columns,
    rows: tests.map((test) => ({
      test,
      cells: [...Map.groupBy(byTest.get(test) ?? [], columnKey)].map(([key, all]) =>
        cellOf(index.get(key) ?? 0, all, days),
      ),
    })),
  };
}

function cellOf(column: number, counts: readonly PlaceCounts[], days: readonly string[]): MatrixCell {
  const whole = counts.filter(({ period }) => period === "");
  const newest = whole.toSorted((a, b) => b.last.startedAt.localeCompare(a.last.startedAt))[0];
  const byDay = Map.groupBy(
    counts.filter(({ period }) => period !== ""),
    ({ period }) => period.slice(1),
  );
  const sums = days.map((day) => sumOf(byDay.get(day) ?? []));
  const all = sumOf(sums);
  return {
    column,
    days: sums.map(dayLetter).join(""),
    attempts: all.attempts,
    failed: all.failed,
    failing: newest !== undefined && newest.lastBad?.run === newest.last.run,
    kernel: newest?.kernel ?? "",
  };
}

type Counts = Pick<PlaceCounts, "attempts" | "failed" | "silent">;

function sumOf(counts: readonly Counts[]): Counts {
  const sum = { attempts: 0, failed: 0, silent: 0 };
  for (const { attempts, failed, silent } of counts) {
    sum.attempts += attempts;
    sum.failed += failed;
    sum.silent += silent;
  }
  return sum;
}

function dayLetter({ attempts, failed, silent }: Counts): DayLetter {
  if (attempts === 0) return silent > 0 ? "s" : ".";
  if (failed === 0) return "p";
  return failed === attempts ? "f" : "m";
}

/** An attempt as it is pushed. */
export function liveAttempt(row: AttemptRow & KeptAttempt): LiveAttempt {
  const { run, seq, host, test, engine, describedHost, verdict, reason } = row;
  return { run, seq, host, test, engine, describedHost, verdict, reason: reason.slice(0, MOST_REASON) };
}
