/** What the history keeps: runs, attempts at tests, baselines; the same in SQLite and in PostgreSQL. */
import type { Crash, DivergencePlace, OutputDifference, StepResult, ThreadPlace } from "../results/mod.ts";

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
  /** Its number in this store. */
  id: number;
  /** The same wherever the run is copied to. */
  uid: string;
  /** It went to its end. */
  finished: boolean;
  /** Attempts at tests, and those that passed or were not run. */
  attempts: number;
  passed: number;
  skipped: number;
  /** Attempts that it wanted to make; 0 where it did not say. */
  planned: number;
  /** When it said last that it goes on, by the clock of the store; "" where it does not. */
  seenAt: string;
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

/** An attempt with its place in its run. */
export interface KeptAttempt extends AttemptInfo {
  /** From 1. */
  seq: number;
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
  /** The newest runs only, with so many attempts at most; all of a run, or none of it. */
  most?: number;
  /** Figures and verdicts are enough: reasons are "" and details null, which is read in half the time. @default false */
  figures?: boolean;
}

/** What a set of attempts at one test comes to. */
export interface Total {
  test: string;
  /** Attempts that tell of the test, those of them that failed, and those that tell nothing. */
  attempts: number;
  failed: number;
  silent: number;
}
