/**
 * The history: every attempt of every run, in one SQLite file that several runs may use at the same time.
 *
 * Each attempt is written when it ends, so that a run that is killed leaves what it had.
 */

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors/mod.ts";
import type { Crash, DivergencePlace, OutputDifference, StepResult, ThreadPlace } from "../results/mod.ts";
import { migrate } from "./schema.ts";

/** What one test was like when its baseline was set. */
export interface Baseline {
  test: string;
  engine: string;
  /** Profile that it ran on; "" for the live host. */
  describedHost: string;
  /** The run that it was set by, and when: ISO 8601, UTC. */
  run: number;
  setAt: string;
  ticks: number | null;
  overhead: number | null;
}

/** What a run says of itself. */
export interface RunInfo {
  /** ISO 8601, UTC. */
  startedAt: string;
  host: string;
  cpu: string;
  kernel: string;
  /** Of tickproof. */
  version: string;
  bun: string;
}

/** A run in the history. */
export interface RunRow extends RunInfo {
  id: number;
  /** It went to its end. */
  finished: boolean;
  /** Attempts at tests, and those that passed or were not run. */
  attempts: number;
  passed: number;
  skipped: number;
}

/** What there is to say of an attempt besides its figures; what is not there is missing. */
export interface AttemptDetail {
  /** Lines of the kernel's log about counters that came meanwhile. */
  kernelLog?: readonly string[];
  /** Where more is told of the reason. */
  url?: string;
  /** Capabilities and programs that the host lacks for it. */
  missing?: readonly string[];
  /** What counters counted of the native run, by event. */
  counters?: Readonly<Record<string, number>>;
  divergence?: DivergencePlace;
  /** How outputs differ from the expected ones, and what a signal has left of the program. */
  differences?: readonly OutputDifference[];
  crash?: Crash;
  /** What else there is to say, and what a script's test has printed. */
  notes?: readonly string[];
  output?: string;
  /** Where each thread was when the time was up. */
  threads?: readonly ThreadPlace[];
  /** Folder of the trace, where it was kept. */
  trace?: string;
  /** What replays it, where that is not `tickproof replay`. */
  replay?: readonly string[];
  steps?: readonly StepResult[];
}

/** An attempt, as it is kept. */
export interface AttemptInfo {
  test: string;
  number: number;
  engine: string;
  /** Profile that it ran on; "" for the live host. */
  describedHost: string;
  verdict: string;
  reason: string;
  ticks: number | null;
  events: number | null;
  signals: number | null;
  switches: number | null;
  nativeMs: number | null;
  recordMs: number | null;
  replayMs: number | null;
  detail: AttemptDetail | null;
}

/** An attempt with the run that it was of. */
export interface AttemptRow extends AttemptInfo, Omit<RunInfo, "version" | "bun"> {
  run: number;
}

/** Which attempts are asked for; everything that is not given is any. */
export interface AttemptFilter {
  test?: string;
  run?: number;
  host?: string;
  /** ISO 8601: runs that started then or later. */
  since?: string;
}

/** How long a run waits for another one that writes. */
const BUSY_MS = 30_000;

/** An open history. Several processes may have the same file open. */
export class History implements Disposable {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens a history; makes it if there is none.
   *
   * @throws {UsageError} If the file can't be used: no right to write, no database, or a newer version's.
   */
  static open(path: string): History {
    try {
      mkdirSync(dirname(path), { recursive: true });
      const database = new Database(path, {
        create: true,
        readwrite: true,
        strict: true,
        safeIntegers: false,
      });
      database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
      // Readers and one writer do not wait for each other.
      database.run("PRAGMA journal_mode = WAL");
      database.run("PRAGMA foreign_keys = ON");
      migrate(database, path);
      return new History(database);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(
        `the history ${path} can't be used (${error instanceof Error ? error.message : String(error)}): ` +
          "mend or remove it, or name another file (TICKPROOF_HISTORY)",
      );
    }
  }

  /** Adds a run that begins now. @returns Its id. */
  addRun(info: RunInfo): number {
    const { lastInsertRowid } = this.#database
      .query(
        `INSERT INTO run (started_at, host, cpu, kernel, version, bun)
         VALUES ($startedAt, $host, $cpu, $kernel, $version, $bun)`,
      )
      .run({ ...info });
    return Number(lastInsertRowid);
  }

  /** Adds an attempt of a run. */
  addAttempt(run: number, attempt: AttemptInfo): void {
    this.#database
      .query(
        `INSERT INTO attempt VALUES ($run, $test, $number, $engine, $describedHost, $verdict, $reason,
         $ticks, $events, $signals, $switches, $nativeMs, $recordMs, $replayMs, $detail)`,
      )
      .run({ run, ...attempt, detail: attempt.detail && JSON.stringify(attempt.detail) });
  }

  /** A run has come to its end. */
  finishRun(run: number): void {
    this.#database.query("UPDATE run SET finished = 1 WHERE id = $run").run({ run });
  }

  /**
   * Removes the oldest runs.
   *
   * @param keep How many are kept.
   * @returns How many were removed.
   */
  prune(keep: number): number {
    return this.#database
      .query(
        `DELETE FROM run WHERE id NOT IN
         (SELECT id FROM run ORDER BY started_at DESC, id DESC LIMIT $keep)`,
      )
      .run({ keep }).changes;
  }

  /** Runs, the newest first. */
  runs(limit = 1_000_000): RunRow[] {
    return this.#database
      .query<Omit<RunRow, "finished"> & { finished: number }, { limit: number }>(
        `SELECT run.id, started_at AS startedAt, host, cpu, kernel, version, bun, finished,
           count(attempt.run) AS attempts,
           count(*) FILTER (WHERE verdict IN ('pass', 'xfail')) AS passed,
           count(*) FILTER (WHERE verdict = 'skip') AS skipped
         FROM run LEFT JOIN attempt ON attempt.run = run.id
         GROUP BY run.id ORDER BY started_at DESC, run.id DESC LIMIT $limit`,
      )
      .all({ limit })
      .map((row) => ({ ...row, finished: row.finished === 1 }));
  }

  /** Attempts, the oldest first. */
  attempts({ test, run, host, since }: AttemptFilter = {}): AttemptRow[] {
    return this.#database
      .query<Omit<AttemptRow, "detail"> & { detail: string | null }, Record<string, string | number | null>>(
        `SELECT run, test, number, engine, described_host AS describedHost, verdict, reason,
           ticks, events, signals, switches,
           native_ms AS nativeMs, record_ms AS recordMs, replay_ms AS replayMs, detail,
           started_at AS startedAt, host, cpu, kernel
         FROM attempt JOIN run ON run.id = attempt.run
         WHERE ($test IS NULL OR test = $test) AND ($run IS NULL OR run = $run)
           AND ($host IS NULL OR host = $host) AND ($since IS NULL OR started_at >= $since)
         ORDER BY started_at, run, test, number`,
      )
      .all({ test: test ?? null, run: run ?? null, host: host ?? null, since: since ?? null })
      .map((row) => ({ ...row, detail: row.detail === null ? null : JSON.parse(row.detail) }));
  }

  /** Sets baselines of a host, in place of those that the same tests had. */
  setBaselines(host: string, baselines: readonly Baseline[]): void {
    const set = this.#database.query(
      `INSERT OR REPLACE INTO baseline
       VALUES ($host, $test, $engine, $describedHost, $run, $setAt, $ticks, $overhead)`,
    );
    this.#database.transaction(() => {
      for (const baseline of baselines) set.run({ host, ...baseline });
    })();
  }

  /** The baselines of a host. */
  baselines(host: string): Baseline[] {
    return this.#database
      .query<Baseline, { host: string }>(
        `SELECT test, engine, described_host AS describedHost, run, set_at AS setAt, ticks, overhead
         FROM baseline WHERE host = $host ORDER BY test`,
      )
      .all({ host });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
