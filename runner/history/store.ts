/**
 * The history: every attempt of every run, in SQLite or PostgreSQL, which several runs may use at the same time.
 *
 * Each attempt is written when it ends, so that a run that is killed leaves what it had.
 */

import { tellOfChange } from "./changes.ts";
import { answerOf, type Connection, connect, inTransaction, type Sql, storeError } from "./connection.ts";
import { LiveHistory } from "./live.ts";
import type { StorePlace } from "./place.ts";
import {
  attemptsQuery,
  baselinesQuery,
  edgesQuery,
  oldQuery,
  runsQuery,
  sizesQuery,
  totalsQuery,
} from "./questions.ts";
import type {
  AttemptFilter,
  AttemptInfo,
  AttemptRow,
  Baseline,
  KeptAttempt,
  RunInfo,
  RunRow,
  Total,
} from "./rows.ts";
import { inWordsOf, migrate } from "./schema.ts";
import { addToTally, type CountedRun, takeFromTally } from "./totals.ts";

/** What a database gives for a number: PostgreSQL gives those of 64 bits as texts. */
type Figure = number | string | null;
type Rows<T> = readonly { [K in keyof T]: T[K] extends number | null ? Figure : T[K] }[];

/** Rows of one statement at most: SQLite takes 32,766 values (SQLITE_MAX_VARIABLE_NUMBER, sqlite.org/limits.html). */
const MOST_ROWS = 500;

/** An open history. Several processes may have the same one open. */
export class History implements AsyncDisposable {
  static #opening: Promise<void> = Promise.resolve();
  readonly #place: StorePlace;
  readonly #connection: Connection;
  readonly #sql: Sql;

  private constructor(place: StorePlace, connection: Connection) {
    this.#place = place;
    this.#connection = connection;
    this.#sql = connection.sql;
    this.live = new LiveHistory({
      connection,
      ask: (query) => this.#ask(query),
      read: (text) => this.#read(text),
      runs: (query) => this.#runs(query),
      attempts: (query) => this.#rows(query),
    });
  }

  /**
   * Opens a history; makes it if there is none.
   *
   * @throws {UsageError} If it can't be used: no right to write, no database, no server, or a newer version's.
   */
  static async open(place: StorePlace): Promise<History> {
    // One behind the other: SQLite makes the whole process wait, also for a transaction of its own.
    const opened = History.#opening.then(() => History.#open(place));
    History.#opening = opened.then(
      () => undefined,
      () => undefined,
    );
    return await opened;
  }

  static async #open(place: StorePlace): Promise<History> {
    let connection: Connection | undefined;
    try {
      connection = await connect(place);
      await answerOf(connection, migrate(connection));
      return new History(place, connection);
    } catch (error) {
      await connection?.sql.close({ timeout: 0 });
      throw storeError(place, error);
    }
  }

  /** Adds a run that begins now; one that is known by its name already stays as it is. @returns Its id. */
  async addRun(info: RunInfo, uid: string = crypto.randomUUID().replaceAll("-", "")): Promise<number> {
    const { startedAt, host, cpu, kernel, version, bun } = info;
    return await this.#change(async (tx) => {
      await tx`INSERT INTO run (uid, started_at, host, cpu, kernel, version, bun)
        VALUES (${uid}, ${startedAt}, ${host}, ${cpu}, ${kernel}, ${version}, ${bun}) ON CONFLICT (uid) DO NOTHING`;
      const [row] = await tx<{ id: Figure }[]>`SELECT id FROM run WHERE uid = ${uid}`;
      return Number(row?.id);
    });
  }

  /**
   * Adds an attempt of a run.
   *
   * @param seq Which one of the run it is, from 1: one that is there already is not added again. @default the next
   */
  async addAttempt(run: number, attempt: AttemptInfo, seq?: number): Promise<void> {
    await this.#change(async (tx) => {
      const [row] = await tx<{ last: Figure }[]>`SELECT max(seq) AS last FROM attempt WHERE run = ${run}`;
      await this.#add(tx, run, [{ ...attempt, seq: seq ?? Number(row?.last ?? 0) + 1 }]);
    });
  }

  /** Adds attempts of a run, those that are not there yet. @returns How many were added. */
  async addAttempts(run: number, attempts: readonly KeptAttempt[]): Promise<number> {
    return await this.#change(async (tx) => {
      let added = 0;
      for (let from = 0; from < attempts.length; from += MOST_ROWS)
        added += await this.#add(tx, run, attempts.slice(from, from + MOST_ROWS));
      return added;
    });
  }

  async #add(tx: Sql, id: number, attempts: readonly KeptAttempt[]): Promise<number> {
    const rows = attempts.map((attempt) => ({
      run: id,
      seq: attempt.seq,
      test: attempt.test,
      number: attempt.number,
      engine: attempt.engine,
      described_host: attempt.describedHost,
      verdict: attempt.verdict,
      reason: this.#written(attempt.reason),
      ticks: attempt.ticks,
      events: attempt.events,
      signals: attempt.signals,
      switches: attempt.switches,
      native_ms: attempt.nativeMs,
      record_ms: attempt.recordMs,
      replay_ms: attempt.replayMs,
      detail: attempt.detail && JSON.stringify(attempt.detail),
    }));
    const fresh = await tx<{ seq: Figure }[]>`INSERT INTO attempt ${tx(rows)}
      ON CONFLICT (run, seq) DO NOTHING RETURNING seq`;
    const added = new Set(fresh.map(({ seq }) => Number(seq)));
    const counted = attempts.filter(({ seq }) => added.has(seq));
    const of = (...verdicts: string[]) => counted.filter(({ verdict }) => verdicts.includes(verdict)).length;
    const [run] = await tx<Rows<CountedRun>>`UPDATE run SET attempts = attempts + ${counted.length},
        passed = passed + ${of("pass", "xfail")}, skipped = skipped + ${of("skip")}
      WHERE id = ${id} RETURNING id, started_at AS "startedAt", host, kernel, cpu`;
    if (run === undefined) throw new Error(`no run ${id} for the attempts that were added to it`);
    await addToTally(this.#connection, tx, { ...run, id }, counted);
    return counted.length;
  }

  /**
   * A run says that it goes on: it does so at least every {@link BEAT_MS}.
   *
   * @param planned Attempts that it wants to make. @default as it has said before
   */
  async beat(run: number, planned?: number): Promise<void> {
    const now = inWordsOf(this.#connection.kind, "{now}");
    await this.#change(
      (
        tx,
      ) => tx`UPDATE run SET seen_at = ${tx.unsafe(now)}, planned = ${planned === undefined ? tx`planned` : planned}
        WHERE id = ${run} AND finished = 0`,
    );
  }

  /** A run is not going on any more, however far it has come. */
  async leaveRun(run: number): Promise<void> {
    await this.#change((tx) => tx`UPDATE run SET seen_at = '' WHERE id = ${run}`);
  }

  /** A run has come to its end. */
  async finishRun(run: number): Promise<void> {
    await this.#change((tx) => tx`UPDATE run SET finished = 1 WHERE id = ${run}`);
  }

  /**
   * Removes the oldest runs.
   *
   * @param keep How many are kept, or from when on (ISO 8601).
   * @returns How many were removed.
   */
  async prune(keep: number | string): Promise<number> {
    // Each in a transaction of its own: nobody waits for all of them.
    const old = await this.#ask<{ id: Figure }[]>(oldQuery(this.#connection, keep));
    let removed = 0;
    for (const { id } of old) removed += await this.#remove(Number(id));
    return removed;
  }

  async #remove(id: number): Promise<number> {
    return await this.#change(async (tx) => {
      // Two that prune at the same time: the second one finds nothing more.
      const lock = this.#connection.kind === "postgres" ? tx`FOR UPDATE` : tx``;
      const [run] = await tx<Rows<CountedRun>>`SELECT id, started_at AS "startedAt", host, kernel, cpu
        FROM run WHERE id = ${id} ${lock}`;
      if (run === undefined) return 0;
      await takeFromTally(this.#connection, tx, { ...run, id });
      await tx`DELETE FROM run WHERE id = ${id}`;
      return 1;
    });
  }

  /** What a page asks that shows the history as it grows. */
  readonly live: LiveHistory;

  /** Runs, the newest first. */
  async runs(limit = 1_000_000): Promise<RunRow[]> {
    return await this.#runs(runsQuery(this.#connection, limit));
  }

  async #runs(query: Bun.SQL.Query<unknown>): Promise<RunRow[]> {
    type Row = Omit<RunRow, "finished"> & { finished: number };
    const rows = await this.#ask<Rows<Row>>(query);
    return rows.map(({ id, finished, attempts, passed, skipped, planned, ...row }) => ({
      ...row,
      id: Number(id),
      finished: Number(finished) === 1,
      attempts: Number(attempts),
      passed: Number(passed),
      skipped: Number(skipped),
      planned: Number(planned),
    }));
  }

  /** Attempts, the oldest first. */
  async attempts(filter: AttemptFilter = {}): Promise<AttemptRow[]> {
    const since = await this.#since(filter);
    const chosen = { ...filter, ...(since !== undefined && { since }) };
    return (await this.#rows(attemptsQuery(this.#connection, chosen))).map(withoutSeq);
  }

  /** All attempts of a run as they were added, to be added elsewhere. */
  async kept(run: number): Promise<(AttemptRow & KeptAttempt)[]> {
    const rows = await this.#rows(attemptsQuery(this.#connection, { run }));
    return rows.toSorted((a, b) => a.seq - b.seq);
  }

  /** Of each test, the attempts of its newest run, or those of the oldest run in which it failed. */
  async edges(which: "first failure" | "last", filter: AttemptFilter = {}): Promise<AttemptRow[]> {
    return (await this.#rows(edgesQuery(this.#connection, which, filter))).map(withoutSeq);
  }

  /** What the attempts come to, a row for each test, by its name. */
  async totals(filter: AttemptFilter = {}): Promise<Total[]> {
    const rows = await this.#ask<Rows<Total>>(totalsQuery(this.#connection, filter));
    return rows.map(({ test, attempts, failed, silent }) => ({
      test,
      attempts: Number(attempts),
      failed: Number(failed),
      silent: Number(silent),
    }));
  }

  /** Since when the newest whole runs have no more attempts than are wanted. */
  async #since(filter: AttemptFilter): Promise<string | undefined> {
    const { since, most } = filter;
    if (most === undefined) return since;
    const runs = await this.#ask<{ startedAt: string; attempts: Figure }[]>(
      sizesQuery(this.#connection, filter),
    );
    let room = most;
    let first = since;
    for (const { startedAt, attempts } of runs) {
      room -= Number(attempts);
      // The newest run is taken, however many attempts it has.
      if (room < 0 && first !== since) return first;
      first = startedAt;
    }
    return since;
  }

  async #rows(query: Bun.SQL.Query<unknown>): Promise<(AttemptRow & KeptAttempt)[]> {
    type Row = Omit<AttemptRow & KeptAttempt, "detail"> & { detail: string | null };
    const rows = await this.#ask<Rows<Row>>(query);
    return rows.map((row) => ({
      ...row,
      run: Number(row.run),
      seq: Number(row.seq),
      number: Number(row.number),
      reason: this.#read(row.reason),
      ticks: figure(row.ticks),
      events: figure(row.events),
      signals: figure(row.signals),
      switches: figure(row.switches),
      nativeMs: figure(row.nativeMs),
      recordMs: figure(row.recordMs),
      replayMs: figure(row.replayMs),
      detail: row.detail === null ? null : JSON.parse(row.detail),
    }));
  }

  /** Sets baselines of a host, in place of those that the same tests had. */
  async setBaselines(host: string, baselines: readonly Baseline[]): Promise<void> {
    await this.#change(async (tx) => {
      for (const { test, engine, describedHost, run, setAt, ticks, overhead } of baselines)
        await tx`INSERT INTO baseline (host, test, engine, described_host, run, set_at, ticks, overhead)
          VALUES (${host}, ${test}, ${engine}, ${describedHost}, ${run}, ${setAt}, ${ticks}, ${overhead})
          ON CONFLICT (host, test, engine, described_host) DO UPDATE
          SET run = excluded.run, set_at = excluded.set_at, ticks = excluded.ticks, overhead = excluded.overhead`;
    });
  }

  /** The baselines of a host; of all hosts if none is named. */
  async baselines(host?: string): Promise<(Baseline & { host: string })[]> {
    const rows = await this.#ask<Rows<Baseline & { host: string }>>(baselinesQuery(this.#connection, host));
    return rows.map(({ run, ticks, overhead, ...row }) => ({
      ...row,
      run: Number(run),
      ticks: figure(ticks),
      overhead: figure(overhead),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.close({ timeout: 0 });
  }

  /** Those who watch the history hear of every change, once it is whole. */
  async #change<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    return await this.#ask(
      inTransaction(this.#connection, async (tx) => {
        const result = await work(tx);
        await tellOfChange(this.#connection, tx);
        return result;
      }),
    );
  }

  async #ask<T>(asked: PromiseLike<unknown>): Promise<T> {
    try {
      return (await answerOf(this.#connection, Promise.resolve(asked))) as T;
    } catch (error) {
      throw storeError(this.#place, error);
    }
  }

  /** PostgreSQL has no text with NUL in it, but programs print it: it stands behind a mark there. */
  #written(text: string): string {
    if (this.#connection.kind === "sqlite") return text;
    return text.replaceAll(MARK, `${MARK}m`).replaceAll("\0", `${MARK}0`);
  }

  #read(text: string): string {
    if (this.#connection.kind === "sqlite") return text;
    return text.replaceAll(MARKED, (_, what) => (what === "0" ? "\0" : MARK));
  }
}

/** The mark, of those that no text has by itself (a noncharacter of Unicode), and what it stands before. */
const MARK = "\uFDD0";
const MARKED = /\uFDD0([0m])/g;

function withoutSeq({ seq: _, ...row }: AttemptRow & KeptAttempt): AttemptRow {
  return row;
}

function figure(value: Figure): number | null {
  return value === null ? null : Number(value);
}
