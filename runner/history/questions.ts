/** What the history is asked, as SQL: apart from who asks, so that a test can look at the plan of each. */
import type { Connection, Sql } from "./connection.ts";
import type { AttemptFilter } from "./rows.ts";
import { runOfKey, totals } from "./totals.ts";
import { partOfRun, type RunPart } from "./views.ts";

/** A question, or a part of one. */
type Query = Bun.SQL.Query<unknown>;
type Asked = Pick<Connection, "kind" | "sql">;

/** Runs, the newest first. */
export function runsQuery({ sql }: Asked, limit: number): Query {
  return sql`SELECT id, uid, started_at AS "startedAt", host, cpu, kernel, version, bun, finished, attempts, passed, skipped,
      planned, seen_at AS "seenAt"
    FROM run ORDER BY started_at DESC, id DESC LIMIT ${limit}`;
}

/** The times and attempts of the chosen runs, the newest first. */
export function sizesQuery({ sql }: Asked, { host, since }: AttemptFilter): Query {
  return sql`SELECT started_at AS "startedAt", attempts FROM run WHERE ${sinceOf(sql, since)} ${hostOf(sql, host)}
    ORDER BY started_at DESC, id DESC`;
}

/** Runs that are older than the newest so many, or than a time; the oldest first. */
export function oldQuery({ sql }: Asked, keep: number | string): Query {
  if (typeof keep === "string")
    return sql`SELECT id FROM run WHERE started_at < ${keep} ORDER BY started_at, id`;
  return sql`SELECT id FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY started_at DESC, id DESC LIMIT ${keep})
    ORDER BY started_at, id`;
}

/** Attempts, the oldest first. */
export function attemptsQuery(asked: Asked, { test, run, host, since, figures }: AttemptFilter): Query {
  const { sql } = asked;
  return attemptRows(
    asked,
    sql`FROM attempt JOIN run ON run.id = attempt.run WHERE ${sinceOf(sql, since)} ${hostOf(sql, host)}
      ${test === undefined ? sql`` : sql`AND test = ${test}`} ${run === undefined ? sql`` : sql`AND run = ${run}`}`,
    figures,
  );
}

/** The newest attempts at one test, the oldest of them first. */
export function newestOfTestQuery(asked: Asked, test: string, limit: number): Query {
  const { sql } = asked;
  const newest = sql`SELECT attempt.run, attempt.seq FROM attempt JOIN run ON run.id = attempt.run
    WHERE attempt.test = ${test} ORDER BY started_at DESC, attempt.run DESC, number DESC, attempt.seq DESC LIMIT ${limit}`;
  return attemptRows(
    asked,
    sql`FROM (${newest}) AS newest
      JOIN attempt ON attempt.run = newest.run AND attempt.seq = newest.seq JOIN run ON run.id = attempt.run`,
  );
}

/** Attempts of a run, as they were added. */
export function runPartQuery(asked: Asked, part: RunPart): Query {
  const { sql } = asked;
  const chosen = sql`SELECT attempt.run, attempt.seq FROM attempt WHERE ${partOfRun(asked, part)}
    ORDER BY attempt.seq LIMIT ${part.limit}`;
  return attemptRows(
    asked,
    sql`FROM (${chosen}) AS chosen
      JOIN attempt ON attempt.run = chosen.run AND attempt.seq = chosen.seq JOIN run ON run.id = attempt.run`,
  );
}

/** Of each test, the attempts of its newest run, or those of the oldest run in which it failed. */
export function edgesQuery(asked: Asked, which: "first failure" | "last", filter: AttemptFilter): Query {
  const { sql } = asked;
  const column = which === "last" ? "last" : "first_bad";
  const some = which === "last" ? sql`` : sql`WHERE failed > 0`;
  return attemptRows(
    asked,
    sql`FROM (${totals(asked, sql, filter)}) AS total
      JOIN attempt ON attempt.test = total.test AND attempt.run = ${runOfKey(asked, sql, column)}
      JOIN run ON run.id = attempt.run ${some}`,
  );
}

/** What the chosen attempts come to, by the names of the tests. */
export function totalsQuery(asked: Asked, filter: AttemptFilter): Query {
  return asked.sql`${totals(asked, asked.sql, filter)} ORDER BY test`;
}

/** The baselines of a host, or of all. */
export function baselinesQuery({ sql }: Asked, host: string | undefined): Query {
  return sql`SELECT host, test, engine, described_host AS "describedHost", run, set_at AS "setAt", ticks, overhead
    FROM baseline ${host === undefined ? sql`` : sql`WHERE host = ${host}`}
    ORDER BY host, test, engine, described_host`;
}

function attemptRows({ sql }: Asked, from: Query, figures = false): Query {
  return sql`SELECT attempt.run, attempt.seq, attempt.test, number, engine, described_host AS "describedHost", verdict,
      ${figures ? sql`'' AS reason, NULL AS detail` : sql`reason, detail`}, ticks, events, signals, switches,
      native_ms AS "nativeMs", record_ms AS "recordMs", replay_ms AS "replayMs",
      started_at AS "startedAt", host, cpu, kernel
    ${from} ORDER BY started_at, attempt.run, attempt.test, number, attempt.seq`;
}

/** Every time sorts behind "". */
function sinceOf(sql: Sql, since = ""): Query {
  return sql`started_at >= ${since}`;
}

function hostOf(sql: Sql, host: string | undefined): Query {
  return host === undefined ? sql`` : sql`AND host = ${host}`;
}
