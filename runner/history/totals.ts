/**
 * Counts that are kept beside the attempts, by period, test and place, so that nothing has to be counted over millions of
 * rows. They are changed in the transactions that add and remove attempts, so they always agree with them.
 */
import type { Connection, Sql } from "./connection.ts";
import { ALL_TIME, type Between, partsOf, periodsOf, periodsSince } from "./periods.ts";
import type { AttemptFilter, AttemptInfo, RunInfo } from "./rows.ts";
import { COUNTS_OF_ATTEMPTS, inWordsOf, PLACED_ATTEMPTS } from "./schema.ts";
import { isBad, isSilent } from "./trends.ts";

/** A run that attempts are added to. */
export interface CountedRun extends Pick<RunInfo, "startedAt" | "host" | "kernel" | "cpu"> {
  id: number;
}

/** What sorts runs, the oldest first; see the words of the schema. */
function keyOf({ startedAt, id }: CountedRun): string {
  return `${startedAt} ${String(id).padStart(12, "0")}`;
}

/** Where the number of a run begins in its key, from 1. */
const RUN_IN_KEY = "0000-00-00T00:00:00.000Z ".length + 1;
/** Sorts behind all keys: no run has failed. */
const NO_FIRST = "~";
/** Sorts before all keys: no run has failed. */
const NO_LAST = "";

/** Rows of one statement at most, so that it has no more values than SQLite takes. */
const MOST_ROWS = 2000;

/** Adds attempts of one run to the counts. */
export async function addToTally(
  { kind }: Connection,
  tx: Sql,
  run: CountedRun,
  attempts: readonly AttemptInfo[],
): Promise<void> {
  const key = keyOf(run);
  const places = new Map<string, number>();
  const placeKey = ({ engine, describedHost }: AttemptInfo) => JSON.stringify([engine, describedHost]);
  for (const attempt of attempts) {
    if (!places.has(placeKey(attempt))) places.set(placeKey(attempt), await placeNumber(tx, run, attempt));
  }
  const counts = [...Map.groupBy(attempts, (attempt) => JSON.stringify([attempt.test, placeKey(attempt)]))]
    // All lock rows in one order, so that two seldom wait for each other.
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, all]) => {
      const [first] = all as [AttemptInfo, ...AttemptInfo[]];
      const [silent, failed] = [all.filter(isSilent).length, all.filter(isBad).length];
      return {
        test: first.test,
        place: places.get(placeKey(first)),
        attempts: all.length - silent,
        failed,
        silent,
        first_bad: failed > 0 ? key : NO_FIRST,
        last_bad: failed > 0 ? key : NO_LAST,
        last: key,
      };
    });
  const rows = periodsOf(run.startedAt).flatMap((period) => counts.map((count) => ({ period, ...count })));
  const better = tx.unsafe(
    inWordsOf(
      kind,
      `attempts = tally.attempts + excluded.attempts, failed = tally.failed + excluded.failed,
       silent = tally.silent + excluded.silent, first_bad = {least}(tally.first_bad, excluded.first_bad),
       last_bad = {greatest}(tally.last_bad, excluded.last_bad), last = {greatest}(tally.last, excluded.last)`,
    ),
  );
  for (let from = 0; from < rows.length; from += MOST_ROWS) {
    await tx`INSERT INTO tally ${tx(rows.slice(from, from + MOST_ROWS))}
      ON CONFLICT (period, test, place) DO UPDATE SET ${better}`;
  }
}

/** The number of the place that a run has attempts at; a new one gets one. */
async function placeNumber(
  tx: Sql,
  { host, kernel, cpu }: CountedRun,
  attempt: AttemptInfo,
): Promise<number> {
  const { engine, describedHost } = attempt;
  const find = () => tx<
    { id: number | string }[]
  >`SELECT id FROM place WHERE host = ${host} AND kernel = ${kernel}
    AND cpu = ${cpu} AND engine = ${engine} AND described_host = ${describedHost}`;
  const [known] = await find();
  if (known !== undefined) return Number(known.id);
  // Another one that adds the same at this moment: it is waited for.
  await tx`INSERT INTO place (host, kernel, cpu, engine, described_host)
    VALUES (${host}, ${kernel}, ${cpu}, ${engine}, ${describedHost}) ON CONFLICT DO NOTHING`;
  const [made] = await find();
  if (made === undefined) throw new Error(`the place ${host}, ${kernel}, ${engine} was not added`);
  return Number(made.id);
}

/** Takes a run's attempts out of the counts, before it is removed; it is older than all that stay. */
export async function takeFromTally({ kind }: Connection, tx: Sql, run: CountedRun): Promise<void> {
  const words = (text: string) => tx.unsafe(inWordsOf(kind, text));
  const [day, month, year, all] = periodsOf(run.startedAt);
  const periods = tx`tally.period IN (${day}, ${month}, ${year}, ${all})`;
  const key = keyOf(run);
  await tx`UPDATE tally SET attempts = tally.attempts - gone.attempts, failed = tally.failed - gone.failed,
      silent = tally.silent - gone.silent
    FROM (SELECT test, place.id AS place, ${words(COUNTS_OF_ATTEMPTS)} FROM ${words(PLACED_ATTEMPTS)}
      WHERE run.id = ${run.id} GROUP BY 1, 2) AS gone
    WHERE ${periods} AND tally.test = gone.test AND tally.place = gone.place`;
  // What stays has a newer run, so its last one stays as well; its first failure, or its only one, may be this run's.
  await tx`DELETE FROM tally WHERE ${periods} AND attempts = 0 AND silent = 0`;
  await tx`UPDATE tally SET last_bad = ${NO_LAST} WHERE ${periods} AND last_bad = ${key}`;
  await tx`UPDATE tally SET first_bad = coalesce((
      SELECT min(${words("{key}")}) FROM ${words(PLACED_ATTEMPTS)}
      WHERE attempt.test = tally.test AND ${words("{bad}")} AND attempt.run <> ${run.id} AND place.id = tally.place
        AND substr(run.started_at, 1, 10) = substr(tally.period, 2)
    ), ${NO_FIRST}) WHERE period = ${day} AND first_bad = ${key}`;
  // A longer period has the first failure of those that it is made of.
  for (const period of [month, year, all]) {
    const { from, before } = partsOf(period);
    await tx`UPDATE tally SET first_bad = (
        SELECT coalesce(min(part.first_bad), ${NO_FIRST}) FROM tally AS part
        WHERE part.test = tally.test AND part.place = tally.place AND part.period >= ${from} AND part.period < ${before}
      ) WHERE period = ${period} AND first_bad = ${key}`;
  }
}

/** The counts that a filter chooses, a row for each test: `test, attempts, failed, silent, first_bad, last`. */
export function totals(
  { kind }: Pick<Connection, "kind">,
  sql: Sql,
  { test, host, since }: AttemptFilter,
): Bun.SQL.Query<unknown> {
  const ofTest = test === undefined ? sql`` : sql`AND test = ${test}`;
  const columns = sql`test, attempts, failed, silent, first_bad, last`;
  const counted = (which: Bun.SQL.Query<unknown>) =>
    host === undefined
      ? sql`SELECT ${columns} FROM tally WHERE ${which} ${ofTest}`
      : sql`SELECT ${columns} FROM tally JOIN place ON place.id = tally.place WHERE ${which} ${ofTest} AND host = ${host}`;
  const within = ({ from, before }: Between) => counted(sql`period >= ${from} AND period < ${before}`);
  const attempts = ({ from, before }: Between) => sql`UNION ALL SELECT ${columns} FROM (
      SELECT test, ${sql.unsafe(inWordsOf(kind, COUNTS_OF_ATTEMPTS))} FROM attempt JOIN run ON run.id = attempt.run
      WHERE run.started_at >= ${from} AND run.started_at < ${before} ${ofTest}
        ${host === undefined ? sql`` : sql`AND host = ${host}`} GROUP BY test) AS begun`;
  const parts = (time: string) => {
    const { periods, counted: begun } = periodsSince(time);
    const [first, ...others] = periods as [Between, ...Between[]];
    return others.reduce(
      (query, one) => sql`${query} UNION ALL ${within(one)}`,
      sql`${within(first)} ${begun === undefined ? sql`` : attempts(begun)}`,
    );
  };
  return sql`SELECT test, sum(attempts) AS attempts, sum(failed) AS failed, sum(silent) AS silent,
      min(first_bad) AS first_bad, max(last) AS last
    FROM (${since === undefined ? counted(sql`period = ${ALL_TIME}`) : parts(since)}) AS part GROUP BY test`;
}

/** The run that a column of keys names. */
export function runOfKey(
  { kind }: Pick<Connection, "kind">,
  sql: Sql,
  column: "first_bad" | "last",
): Bun.SQL.Query<unknown> {
  return sql.unsafe(inWordsOf(kind, `CAST(substr(${column}, ${RUN_IN_KEY}) AS {int})`));
}
