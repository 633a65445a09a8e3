/** A history as it grows: what it is asked by a page that shows it, and word of its changes. */
import { LOST_MS, watchChanges } from "./changes.ts";
import type { Connection } from "./connection.ts";
import { newestOfTestQuery, runPartQuery, runsQuery } from "./questions.ts";
import type { AttemptRow, KeptAttempt, RunRow } from "./rows.ts";
import {
  cellsQuery,
  clockQuery,
  type FailingNow,
  failingCountQuery,
  failingQuery,
  flakyQuery,
  openRunsQuery,
  type Place,
  type PlaceCounts,
  placesQuery,
  type RunKey,
  type RunPart,
  runKey,
  runQuery,
  testsQuery,
} from "./views.ts";

type Query = Bun.SQL.Query<unknown>;
/** A row as a database gives it. */
type Row = Record<string, string | number | null>;

/** How a history is asked. */
export interface Asking {
  connection: Connection;
  /** Asks, and turns what goes wrong into words for people. */
  ask: (query: Query) => Promise<readonly Row[]>;
  /** A text as it was before it was kept. */
  read: (text: string) => string;
  runs: (query: Query) => Promise<RunRow[]>;
  attempts: (query: Query) => Promise<(AttemptRow & KeptAttempt)[]>;
}

/** Runs that are going on, and the newest ones. */
export interface LiveRuns {
  open: RunRow[];
  newest: RunRow[];
}

/** A test that fails now and then. */
export interface FlakyTest {
  test: string;
  attempts: number;
  failed: number;
  lastBad: RunKey | undefined;
}

/** What a live page asks. */
export class LiveHistory {
  readonly #asking: Asking;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  /** Calls something after each change, also by other processes and machines, until it is disposed of. */
  async watch(onChange: () => void, onFault: (error: unknown) => void): Promise<AsyncDisposable> {
    return await watchChanges(this.#asking.connection, onChange, onFault);
  }

  /** Runs that have said lately that they go on, and the newest so many, whatever has become of them. */
  async runs(newest: number, open: number): Promise<LiveRuns> {
    const { connection, ask, runs } = this.#asking;
    const [clock] = await ask(clockQuery(connection));
    const lately = new Date(Date.parse(String(clock?.now)) - LOST_MS).toISOString();
    return {
      open: await runs(openRunsQuery(connection, lately, open)),
      newest: await runs(runsQuery(connection, newest)),
    };
  }

  /** One run; undefined if there is none of this number. */
  async run(id: number): Promise<RunRow | undefined> {
    const [run] = await this.#asking.runs(runQuery(this.#asking.connection, id));
    return run;
  }

  /** Some attempts of a run, in the order in which they were made. */
  async attemptsOfRun(part: RunPart): Promise<(AttemptRow & KeptAttempt)[]> {
    const rows = await this.#asking.attempts(runPartQuery(this.#asking.connection, part));
    return rows.toSorted((a, b) => a.seq - b.seq);
  }

  /** The newest attempts at a test, the oldest of them first. */
  async newestAttempts(test: string, limit: number): Promise<AttemptRow[]> {
    return await this.#asking.attempts(newestOfTestQuery(this.#asking.connection, test, limit));
  }

  /** The names of all tests. */
  async tests(): Promise<string[]> {
    const rows = await this.#asking.ask(testsQuery(this.#asking.connection));
    return rows.map(({ test }) => String(test));
  }

  /** Where tests have run, the newest first. */
  async places(): Promise<(Place & { last: RunKey })[]> {
    const rows = await this.#asking.ask(placesQuery(this.#asking.connection));
    return rows
      .map((row) => ({ ...placeOf(row), last: keyOf(row.last) }))
      .toSorted((a, b) => b.last.startedAt.localeCompare(a.last.startedAt));
  }

  /** The counts of tests, over all time and by days from one on ("2026-11-24"). */
  async cells(tests: readonly string[], firstDay: string): Promise<PlaceCounts[]> {
    return (await this.#asking.ask(cellsQuery(this.#asking.connection, tests, firstDay))).map(countsOf);
  }

  /** Tests that fail in their newest runs, the newest first, and how many there are, each place counted. */
  async failing(limit: number): Promise<{ cells: FailingNow[]; count: number }> {
    const { connection, ask, read } = this.#asking;
    const [counted] = await ask(failingCountQuery(connection));
    const rows = await ask(failingQuery(connection, limit));
    return {
      count: Number(counted?.count ?? 0),
      cells: rows.map((row) => ({
        ...countsOf(row),
        seq: Number(row.seq),
        verdict: String(row.verdict),
        reason: read(String(row.reason)),
      })),
    };
  }

  /** Tests that have failed now and then since a month began ("2026-11"). */
  async flaky(month: string): Promise<FlakyTest[]> {
    const rows = await this.#asking.ask(flakyQuery(this.#asking.connection, month));
    return rows.map(({ test, attempts, failed, lastBad }) => ({
      test: String(test),
      attempts: Number(attempts),
      failed: Number(failed),
      lastBad: runKey(String(lastBad)),
    }));
  }
}

function placeOf({ host, kernel, cpu, engine, describedHost }: Row): Place {
  return {
    host: String(host),
    kernel: String(kernel),
    cpu: String(cpu),
    engine: String(engine),
    describedHost: String(describedHost),
  };
}

function keyOf(text: Row[string] | undefined): RunKey {
  const key = runKey(String(text));
  if (key === undefined) throw new Error(`counts have no newest run: '${text}'`);
  return key;
}

function countsOf(row: Row): PlaceCounts {
  return {
    ...placeOf(row),
    test: String(row.test),
    period: String(row.period),
    attempts: Number(row.attempts),
    failed: Number(row.failed),
    silent: Number(row.silent),
    firstBad: runKey(String(row.firstBad)),
    lastBad: runKey(String(row.lastBad)),
    last: keyOf(row.last),
  };
}
