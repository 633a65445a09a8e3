/** What the runner runs and what comes of it. Verdicts are a union: no result can be read as another. */
import type { Expectations } from "../manifest/mod.ts";

/** What a test runs. */
export type Target =
  /** A C source, compiled on first use. */
  | { kind: "source"; path: string }
  /** A program of the host, by name or path. */
  | { kind: "host"; name: string };

/** One test of a manifest, ready to be run. */
export interface TestCase {
  /** "core/alarm": suite and name. */
  id: string;
  suite: string;
  name: string;
  target: Target;
  args: readonly string[];
  stdin: string | undefined;
  environment: Readonly<Record<string, string>>;
  /** Folder that the program runs in. */
  cwd: string;
  /** For each of the phases. */
  timeoutSeconds: number;
  alone: boolean;
  skip: string | undefined;
  expect: Expectations;
}

/** The three runs of an attempt. */
export type Phase = "native" | "record" | "replay";

/** What came of a test, or of one attempt at it. */
export type Verdict =
  | { kind: "pass" }
  /** The program, its recording or its replay is not as it must be. */
  | { kind: "fail"; reasons: readonly string[] }
  /** It was not run, and that is nobody's fault. */
  | { kind: "skip"; reason: string }
  | { kind: "timeout"; phase: Phase; seconds: number }
  /** The host or the harness is at fault, not what is tested. */
  | { kind: "broken"; reason: string };

/** Numbers that the engine counted while it recorded. */
export interface Counts {
  ticks: number;
  events: number;
  signals: number;
  switches: number;
}

/** One time that a test was run natively (the first few times only), recorded and replayed. */
export interface Attempt {
  /** From 1. */
  number: number;
  verdict: Verdict;
  /** Missing where recording did not get that far. */
  counts?: Counts;
  /** How long each phase took, in milliseconds, as far as they were reached. */
  milliseconds: Partial<Record<Phase, number>>;
  /** The folder with its outputs, where it was kept. */
  folder?: string;
  /** The trace in there, if there is one. */
  trace?: string;
}

/** All attempts at a test, and what follows from them. */
export interface TestResult {
  test: TestCase;
  verdict: Verdict;
  attempts: readonly Attempt[];
  passed: number;
}

/** What a whole run came to. */
export interface RunSummary {
  results: readonly TestResult[];
  /** Tests that passed every time, that did not, and that were not run. */
  passed: number;
  failed: number;
  skipped: number;
  milliseconds: number;
  /** It was ended before all was done. */
  interrupted: boolean;
}

/** What happens during a run, for reporters. */
export type RunEvent =
  | { kind: "run-started"; tests: readonly TestCase[]; repeat: number; jobs: number }
  | { kind: "phase-started"; test: TestCase; attempt: number; phase: Phase }
  | { kind: "attempt-finished"; test: TestCase; attempt: Attempt }
  | { kind: "run-finished"; summary: RunSummary };

/** Shows events in some form; it never influences the run. */
export type Reporter = (event: RunEvent) => void;
