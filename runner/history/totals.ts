/**
 * Counts that are kept beside the attempts, by test, month and place, so that nothing has to be counted over millions of
 * rows. They are changed in the transactions that add and remove attempts, so they always agree with them.
 */
import type { Connection, Sql } from "./connection.ts";
import type { AttemptFilter, AttemptInfo, RunInfo } from "./rows.ts";
import { inWordsOf, TALLY_OF_ATTEMPTS } from "./schema.ts";
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
/** Sorts behind all keys: there is none. */
const NONE = "~";

/** Adds attempts of one run to the counts. */
export async function addToTally(
  { kind }: Connection,
  tx: Sql,
  run: CountedRun,
  attempts: readonly AttemptInfo[],
): Promise<void> {
  const key = keyOf(run);
  const rows = [
    ...Map.groupBy(attempts, ({ test, engine, describedHost }) =>
      JSON.stringify([test, engine, describedHost]),
    ),
  ]
    // All lock rows in one order, so that two seldom wait for each other.
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, all]) => {
      const [{ test, engine, describedHost }] = all as [AttemptInfo, ...AttemptInfo[]];
      const silent = all.filter(isSilent).length;
      const failed = all.filter(isBad).length;
      return {
        test,
        month: run.startedAt.slice(0, "2026-11".length),
        host: run.host,
        kernel: run.kernel,
        cpu: run.cpu,
        engine,
        described_host: describedHost,
        attempts: all.length - silent,
        failed,
        silent,
        first_bad: failed > 0 ? key : NONE,
        last: key,
      };
    });
  if (rows.length === 0) return;
  const better = inWordsOf(
    kind,
    `attempts = tally.attempts + excluded.attempts, failed = tally.failed + excluded.failed,
     silent = tally.silent + excluded.silent,
     first_bad = {least}(tally.first_bad, excluded.first_bad), last = {greatest}(tally.last, excluded.last)`,
  );
  await tx`INSERT INTO tally ${tx(rows)}
    ON CONFLICT (test, month, host, kernel, cpu, engine, described_host) DO UPDATE SET ${tx.unsafe(better)}`;
}

/** Takes a run's attempts out of the counts, before it is removed; it is older than all that stay. */
export async function takeFromTally({ kind }: Connection, tx: Sql, run: CountedRun): Promise<void> {
  const place = tx`month = ${run.startedAt.slice(0, "2026-11".length)} AND host = ${run.host}
    AND kernel = ${run.kernel} AND cpu = ${run.cpu}`;
  const counted = tx.unsafe(inWordsOf(kind, TALLY_OF_ATTEMPTS));
  await tx`UPDATE tally SET attempts = tally.attempts - gone.attempts, failed = tally.failed - gone.failed,
      silent = tally.silent - gone.silent
    FROM (${counted} WHERE run.id = ${run.id} GROUP BY 1, 2, 3, 4, 5, 6, 7) AS gone
    WHERE tally.test = gone.test AND tally.month = gone.month AND tally.host = gone.host AND tally.kernel = gone.kernel
      AND tally.cpu = gone.cpu AND tally.engine = gone.engine AND tally.described_host = gone.described_host`;
  // What stays has a newer run, so its last one stays as well; its first failure may be this run's.
  await tx`DELETE FROM tally WHERE ${place} AND attempts = 0 AND silent = 0`;
  const bad = tx.unsafe(inWordsOf(kind, "{bad}"));
  const key = tx.unsafe(inWordsOf(kind, "{key}"));
  await tx`UPDATE tally SET first_bad = coalesce((
      SELECT min(${key}) FROM attempt JOIN run ON run.id = attempt.run
      WHERE attempt.test = tally.test AND ${bad} AND attempt.run <> ${run.id}
        AND attempt.engine = tally.engine AND attempt.described_host = tally.described_host
        AND substr(run.started_at, 1, 7) = tally.month AND run.host = tally.host
        AND run.kernel = tally.kernel AND run.cpu = tally.cpu
    ), ${NONE}) WHERE ${place} AND first_bad = ${keyOf(run)}`;
}

/** The counts that a filter chooses, a row for each test: `test, attempts, failed, silent, first_bad, last`. */
export function totals(
  { kind }: Pick<Connection, "kind">,
  sql: Sql,
  { test, host, since }: AttemptFilter,
): Bun.SQL.Query<unknown> {
  const chosen = sql`${test === undefined ? sql`` : sql`AND test = ${test}`} ${host === undefined ? sql`` : sql`AND host = ${host}`}`;
  const columns = sql`test, attempts, failed, silent, first_bad, last`;
  // Of the month that the time lies in, attempts are counted; those before do not matter, those behind it are counted.
  const parts =
    since === undefined
      ? sql`SELECT ${columns} FROM tally WHERE 1 = 1 ${chosen}`
      : sql`SELECT ${columns} FROM tally WHERE month > ${since.slice(0, "2026-11".length)} ${chosen}
          UNION ALL SELECT ${columns} FROM (${sql.unsafe(inWordsOf(kind, TALLY_OF_ATTEMPTS))}
            WHERE run.started_at >= ${since} AND run.started_at < ${endOfMonth(since)} ${chosen}
            GROUP BY 1, 2, 3, 4, 5, 6, 7) AS begun`;
  return sql`SELECT test, sum(attempts) AS attempts, sum(failed) AS failed, sum(silent) AS silent,
      min(first_bad) AS first_bad, max(last) AS last
    FROM (${parts}) AS part GROUP BY test`;
}

/** Where the month of a time ends, such that all of its times sort before it. */
function endOfMonth(since: string): string {
  return `${since.slice(0, "2026-11".length)}~`;
}

/** The run that a column of keys names. */
export function runOfKey(
  { kind }: Pick<Connection, "kind">,
  sql: Sql,
  column: "first_bad" | "last",
): Bun.SQL.Query<unknown> {
  return sql.unsafe(inWordsOf(kind, `CAST(substr(${column}, ${RUN_IN_KEY}) AS {int})`));
}
