/** From the attempts of a history to what a page shows: interned, sorted into cells, summed up. */
import {
  type AttemptDetail,
  type AttemptRow,
  isBad,
  isSilent,
  LEAST_NATIVE_MS,
  rateOf,
} from "../history/mod.ts";
import { threadLine } from "../reporters/failure-lines.ts";
import { median } from "../results/mod.ts";
import type { Cell, PageAttempts, PageData, Range, Target } from "./page-data.ts";

/** Values by their first appearance. */
class Interned<T> {
  readonly values: T[] = [];
  readonly #indices = new Map<string, number>();

  index(key: string, value: T): number {
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}

function rangeOf(values: readonly (number | null)[]): Range | undefined {
  const there = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const middle = median(there);
  const [least, most] = [there[0], there.at(-1)];
  if (middle === undefined || least === undefined || most === undefined) return undefined;
  return { least, median: middle, most };
}

function targetOf({ host, describedHost, engine, kernel, cpu }: AttemptRow): Target {
  return { name: describedHost || host, described: describedHost !== "", engine, kernel, cpu };
}

/** All targets: machines first, then described hosts, by name. */
function targetsOf(rows: readonly AttemptRow[]): Target[] {
  const targets = new Map(rows.map(targetOf).map((target) => [JSON.stringify(target), target]));
  const order = ({ described, name, kernel, engine }: Target) =>
    [Number(described), name, kernel, engine].join("\0");
  return [...targets.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The verdict of attempts of one run. */
function verdictOf(attempts: readonly AttemptRow[]): { verdict: string; reason: string } {
  const bad = attempts.filter(isBad);
  const last = attempts.at(-1);
  if (bad.length === 0 || bad.length === attempts.length) {
    return { verdict: last?.verdict ?? "", reason: last?.reason ?? "" };
  }
  return { verdict: "flaky", reason: bad.at(-1)?.reason ?? "" };
}

/** What all attempts of a cell come to; they are the oldest first. */
export function summarizeCell(
  attempts: readonly AttemptRow[],
): Omit<Cell, "test" | "target" | "from" | "to"> {
  const newestRun = attempts.at(-1)?.run;
  const newest = attempts.filter(({ run }) => run === newestRun);
  const telling = attempts.filter((attempt) => !isSilent(attempt));
  const bad = telling.filter(isBad);
  const good = telling.filter((attempt) => !isBad(attempt));
  const [first] = bad;
  const ranges: Partial<Record<(typeof FIGURES)[number], Range>> = {};
  for (const figure of FIGURES) {
    const range = rangeOf((figure === "nativeMs" ? telling : good).map((attempt) => attempt[figure]));
    if (range !== undefined) ranges[figure] = range;
  }
  const native = ranges.nativeMs?.median;
  // A ratio to a run that is mostly start-up says nothing.
  const over = (range: Range | undefined) =>
    native && native >= LEAST_NATIVE_MS && range ? range.median / native : undefined;
  const [recordOverhead, replayOverhead] = [over(ranges.recordMs), over(ranges.replayMs)];
  return {
    ...verdictOf(newest),
    newest: newest.length,
    newestPassed: newest.filter((attempt) => !isBad(attempt) && !isSilent(attempt)).length,
    telling: telling.length,
    failed: bad.length,
    rate: rateOf(bad.length, telling.length),
    ...(first && { failingSince: first.startedAt }),
    ...flipRateOf(telling),
    ...ranges,
    ...countersOf(attempts),
    ...(recordOverhead !== undefined && { recordOverhead }),
    ...(replayOverhead !== undefined && { replayOverhead }),
  };
}

function flipRateOf(telling: readonly AttemptRow[]): Pick<Cell, "flipRate"> {
  if (telling.length < 2) return {};
  const flips = telling.filter((attempt, at) => {
    const before = telling[at - 1];
    return before !== undefined && isBad(before) !== isBad(attempt);
  });
  return { flipRate: flips.length / (telling.length - 1) };
}

/** Ranges of what counters counted. */
function countersOf(attempts: readonly AttemptRow[]): Pick<Cell, "counters"> {
  const counted = attempts.flatMap(({ detail }) => Object.entries(detail?.counters ?? {}));
  const ranges: Record<string, Range> = {};
  for (const [event, entries] of Map.groupBy(counted, ([event]) => event)) {
    const range = rangeOf(entries.map(([, value]) => value));
    if (range !== undefined) ranges[event] = range;
  }
  return counted.length > 0 ? { counters: ranges } : {};
}

/** What the page shows of an attempt's detail. */
function pageDetail({ threads = [], ...detail }: AttemptDetail): PageData["details"][number] {
  return { ...detail, ...(threads.length > 0 && { threadLines: threads.map(threadLine) }) };
}

const FIGURES = ["ticks", "events", "signals", "switches", "nativeMs", "recordMs", "replayMs"] as const;

/**
 * Prepares a page.
 *
 * @param rows Attempts, the oldest first, as `History.attempts` gives them.
 * @param about When and by what the page is made.
 */
export function preparePage(
  rows: readonly AttemptRow[],
  about: Pick<PageData, "generatedAt" | "version">,
): PageData {
  const tests = [...new Set(rows.map(({ test }) => test))].toSorted();
  const testIndex = new Map(tests.map((test, index) => [test, index]));
  const targets = targetsOf(rows);
  const targetIndex = new Map(targets.map((target, index) => [JSON.stringify(target), index]));
  const runs = new Interned<PageData["runs"][number]>();
  const [verdicts, reasons] = [new Interned<string>(), new Interned<string>()];
  const details: PageData["details"] = [];
  const attempts: PageAttempts = {
    ...{ run: [], number: [], verdict: [], reason: [], detail: [] },
    ...{ ticks: [], nativeMs: [], recordMs: [], replayMs: [] },
  };
  const byCell = Map.groupBy(
    rows,
    (row) => `${testIndex.get(row.test)} ${targetIndex.get(JSON.stringify(targetOf(row)))}`,
  );
  const cells: Cell[] = [];
  for (const [key, all] of byCell) {
    const [test = 0, target = 0] = key.split(" ").map(Number);
    const from = attempts.run.length;
    for (const row of all) {
      const { run: id, startedAt, host } = row;
      attempts.run.push(runs.index(String(id), { id, startedAt, host }));
      attempts.number.push(row.number);
      attempts.verdict.push(verdicts.index(row.verdict, row.verdict));
      attempts.reason.push(reasons.index(row.reason, row.reason));
      for (const key of ["ticks", "nativeMs", "recordMs", "replayMs"] as const) attempts[key].push(row[key]);
      attempts.detail.push(row.detail === null ? -1 : details.push(pageDetail(row.detail)) - 1);
    }
    cells.push({ test, target, ...summarizeCell(all), from, to: attempts.run.length });
  }
  cells.sort((a, b) => a.test - b.test || a.target - b.target);
  return {
    ...about,
    ...{ tests, targets, runs: runs.values },
    ...{ verdicts: verdicts.values, reasons: reasons.values, cells, attempts, details },
  };
}
