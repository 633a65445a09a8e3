/**
 * What a page that shows a growing history asks, again and again: of counts that are kept, or of a bounded number of attempts,
 * so that the answer takes as long over ten million attempts as over a thousand.
 */
import type { Connection } from "./connection.ts";
import { ALL_TIME } from "./periods.ts";
import { inWordsOf } from "./schema.ts";
import { runOfKey } from "./totals.ts";

/** A question, or a part of one. */
type Query = Bun.SQL.Query<unknown>;
type Asked = Pick<Connection, "kind" | "sql">;

/** Where tests ran: the columns of a place. */
export interface Place {
  host: string;
  kernel: string;
  cpu: string;
  engine: string;
  /** "" for the live host. */
  describedHost: string;
}

/** What attempts at a test at a place come to in a period. */
export interface PlaceCounts extends Place {
  test: string;
  period: string;
  attempts: number;
  failed: number;
  silent: number;
  /** The oldest and the newest run that had a failure, and the newest of all. */
  firstBad: RunKey | undefined;
  lastBad: RunKey | undefined;
  last: RunKey;
}

/** A run, as the counts name it. */
export interface RunKey {
  run: number;
  startedAt: string;
}

/** A test that failed in its newest run at a place, with the newest failure of that run. */
export interface FailingNow extends PlaceCounts {
  seq: number;
  verdict: string;
  reason: string;
}

/** What "2026-11-24T12:00:00.000Z 000000000017" names; undefined where it is the mark of none. */
export function runKey(key: string): RunKey | undefined {
  const [startedAt = "", run = ""] = key.split(" ");
  return run === "" ? undefined : { run: Number(run), startedAt };
}

const COUNTS = `tally.test, tally.period, tally.attempts, tally.failed, tally.silent, tally.first_bad AS "firstBad",
  tally.last_bad AS "lastBad", tally.last, place.host, place.kernel, place.cpu, place.engine, place.described_host AS "describedHost"`;

/** What the clock of the store says: runs in progress are known by it. */
export function clockQuery({ kind, sql }: Asked): Query {
  return sql`SELECT ${words({ kind, sql }, "{now}")} AS now`;
}

/** Runs that have said since a time that they go on, the newest first. */
export function openRunsQuery(asked: Asked, since: string, limit: number): Query {
  return runs(asked, asked.sql`WHERE finished = 0 AND seen_at >= ${since}`, limit);
}

/** One run. */
export function runQuery(asked: Asked, id: number): Query {
  return runs(asked, asked.sql`WHERE id = ${id}`, 1);
}

function runs({ sql }: Asked, where: Query, limit: number): Query {
  return sql`SELECT id, uid, started_at AS "startedAt", host, cpu, kernel, version, bun, finished, attempts, passed, skipped,
      planned, seen_at AS "seenAt"
    FROM run ${where} ORDER BY started_at DESC, id DESC LIMIT ${limit}`;
}

/** Where tests have ever run, with the newest run there. */
export function placesQuery({ sql }: Asked): Query {
  return sql`SELECT host, kernel, cpu, engine, described_host AS "describedHost", max(last) AS last
    FROM tally JOIN place ON place.id = tally.place WHERE period = ${ALL_TIME} GROUP BY 1, 2, 3, 4, 5`;
}

/** The names of all tests. */
export function testsQuery({ sql }: Asked): Query {
  return sql`SELECT DISTINCT test FROM tally WHERE period = ${ALL_TIME} ORDER BY test`;
}

/** The counts of some tests at each place: over all time, and of days from one on. */
export function cellsQuery(asked: Asked, tests: readonly string[], firstDay: string): Query {
  const { sql } = asked;
  const some = tests.length === 0 ? [""] : tests;
  const within = (period: Query) =>
    sql`SELECT ${words(asked, COUNTS)} FROM tally JOIN place ON place.id = tally.place WHERE test IN ${sql(some)} AND ${period}`;
  return sql`${within(sql`period = ${ALL_TIME}`)}
    UNION ALL ${within(sql`period >= ${`d${firstDay}`} AND period < 'e'`)} ORDER BY test, period, "describedHost", host, kernel`;
}

/**
 * Rows whose newest run has failed. One of a machine that has run the test since with another kernel tells nothing of now; a
 * described host is the same on every machine.
 */
function failingRows(asked: Asked): Query {
  const { sql } = asked;
  return sql`tally JOIN place ON place.id = tally.place
    WHERE tally.period = ${ALL_TIME} AND tally.last_bad = tally.last AND NOT EXISTS (
      SELECT 1 FROM tally AS newer JOIN place AS there ON there.id = newer.place
      WHERE newer.test = tally.test AND newer.period = ${ALL_TIME} AND newer.last > tally.last
        AND there.engine = place.engine AND there.described_host = place.described_host
        AND (there.host = place.host OR place.described_host <> '')
    )`;
}

/**
 * Tests whose newest run on a machine or described host has failed, the newest first. The sum has the databases look for a test in
 * its run by the index of both: by that of a run's order they would go through all of the run.
 */
export function failingQuery(asked: Asked, limit: number): Query {
  const { sql } = asked;
  return sql`SELECT cell.*, attempt.seq, attempt.verdict, attempt.reason
    FROM (
      SELECT ${words(asked, COUNTS)}, ${runOfKey(asked, sql, "last")} AS run FROM ${failingRows(asked)}
      ORDER BY tally.last DESC, tally.test, tally.place LIMIT ${limit}
    ) AS cell
    JOIN attempt ON attempt.run = cell.run AND attempt.seq = (
      SELECT max(one.seq + 0) FROM attempt AS one
      WHERE one.test = cell.test AND one.run = cell.run AND one.engine = cell.engine
        AND one.described_host = cell."describedHost" AND ${words(asked, "{bad}")}
    )
    ORDER BY cell.last DESC, cell.test, attempt.seq`;
}

/** How many tests fail in their newest runs, each machine and described host counted. */
export function failingCountQuery(asked: Asked): Query {
  return asked.sql`SELECT count(*) AS count FROM ${failingRows(asked)}`;
}

/**
 * Tests that failed at a place in some of their attempts and not in all, since a month began: `test, attempts, failed, last_bad`
 * of these places.
 */
export function flakyQuery({ sql }: Asked, month: string): Query {
  return sql`SELECT test, sum(attempts) AS attempts, sum(failed) AS failed, max(last_bad) AS "lastBad"
    FROM (
      SELECT test, place, sum(attempts) AS attempts, sum(failed) AS failed, max(last_bad) AS last_bad
      FROM tally WHERE period >= ${`m${month}`} AND period < 'n' GROUP BY test, place
      HAVING sum(failed) > 0 AND sum(failed) < sum(attempts)
    ) AS mixed GROUP BY test ORDER BY test`;
}

function words({ kind, sql }: Asked, text: string): Query {
  return sql.unsafe(inWordsOf(kind, text));
}

/** Which attempts of a run are shown. */
export interface RunPart {
  run: number;
  /** Only those that failed. */
  bad: boolean;
  /** A part of the test's name; "" for any. */
  word: string;
  /** Behind this place in the run. */
  after: number;
  limit: number;
}

/** The condition of attempts of a run; attempts are joined with runs. */
export function partOfRun(asked: Asked, { run, bad, word, after }: Omit<RunPart, "limit">): Query {
  const { sql } = asked;
  return sql`attempt.run = ${run} AND attempt.seq > ${after} ${bad ? sql`AND ${words(asked, "{bad}")}` : sql``}
    ${word === "" ? sql`` : sql`AND ${positionOf(asked, word)} > 0`}`;
}

/** Where a word is in the name of a test, whatever its case; no sign in it means anything. */
function positionOf({ kind, sql }: Asked, word: string): Query {
  const low = word.toLowerCase();
  return kind === "sqlite"
    ? sql`instr(lower(attempt.test), ${low})`
    : sql`strpos(lower(attempt.test), ${low})`;
}
