/** What the server tells the page, as JSON: shared by what answers and what shows it. */

/** What has become of a run: it goes on, came to its end, was broken off, or is not heard of any more. */
export type RunState = "running" | "finished" | "interrupted" | "lost";

/** A run. */
export interface LiveRun {
  id: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  host: string;
  cpu: string;
  kernel: string;
  /** Of tickproof. */
  version: string;
  state: RunState;
  attempts: number;
  passed: number;
  skipped: number;
  /** Attempts that failed, or told nothing for another reason. */
  others: number;
  /** Attempts that it wants to make; 0 where it has not said. */
  planned: number;
}

/** A column of the matrix: a machine or a described host, by engine. */
export interface Column {
  name: string;
  described: boolean;
  engine: string;
  /** Of its newest run. */
  kernel: string;
  cpu: string;
}

/** How often something fails, with its interval (Wilson, 95 %). */
export interface FailureRate {
  attempts: number;
  failed: number;
  rate: number;
  low: number;
  high: number;
}

/** What a test comes to on a kernel. */
export interface KernelRate {
  kernel: string;
  attempts: number;
  failed: number;
}

/** A test whose newest run at a place has failed. */
export interface FailingTest extends Column {
  test: string;
  verdict: string;
  /** Its first lines. */
  reason: string;
  rate: FailureRate;
  /** The run of the oldest failure, and the newest run. */
  since: { run: number; startedAt: string };
  last: { run: number; startedAt: string };
  /** The first kernel that it fails on, whichever machine ran it, and the one before that. */
  firstBad: KernelRate | undefined;
  lastGood: KernelRate | undefined;
}

/** A test that fails now and then. */
export interface FlakyTest {
  test: string;
  rate: FailureRate;
  last: { run: number; startedAt: string } | undefined;
}

/** What the page shows first; pushed whenever it has changed. */
export interface Board {
  /** Where the history is; no password is in it. */
  store: string;
  version: string;
  tests: number;
  columns: number;
  open: LiveRun[];
  newest: LiveRun[];
  failing: FailingTest[];
  /** All of them: the list has the newest. */
  failingCount: number;
  flaky: FlakyTest[];
  /** The month that the flaky ones are counted from: "2026-10". */
  flakyFrom: string;
}

/** An attempt that has just ended; pushed. */
export interface LiveAttempt {
  run: number;
  seq: number;
  host: string;
  test: string;
  engine: string;
  describedHost: string;
  verdict: string;
  reason: string;
}

/** What a day of a cell was like, a letter for each day: none, passed, failed, both, nothing told. */
export type DayLetter = "." | "p" | "f" | "m" | "s";

/** A test at a column. */
export interface MatrixCell {
  column: number;
  /** Letters of {@link DayLetter}, the oldest day first. */
  days: string;
  /** Attempts of these days. */
  attempts: number;
  failed: number;
  /** Its newest run has failed. */
  failing: boolean;
  kernel: string;
}

/** A part of the matrix. */
export interface MatrixPart {
  /** Tests of the search, and the first of those that are shown. */
  count: number;
  from: number;
  days: string[];
  columns: Column[];
  rows: { test: string; cells: MatrixCell[] }[];
}

/** One run, and some of its attempts. */
export interface RunPart {
  run: LiveRun;
  attempts: (LiveAttempt & { number: number; ticks: number | null; trace: string | undefined })[];
  /** There are more behind these. */
  more: boolean;
}

/** What people may look for at most, and how much they get at a time. */
export const MOST_WORDS = 200;
export const MATRIX_ROWS = 25;
export const RUN_ROWS = 100;
