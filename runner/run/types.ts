/** What the runner runs and what comes of it. Verdicts are a union: no result can be read as another. */

import type { EngineName } from "../host/mod.ts";
import type { SettingChange } from "../kernel/mod.ts";
import type { Conditions, Expectations, Files, Sends } from "../manifest/mod.ts";
import type { CompileOptions } from "../programs/compile.ts";
import type { Attempt, EngineChoice, Location, Note, Phase, StepResult, Verdict } from "../results/mod.ts";
import type { Fixture, SharedFixture } from "./fixture/mod.ts";

/** What a test runs. */
export type Target =
  /** A source, compiled on first use, as `compile` takes it. */
  | ({ kind: "source"; path: string } & Omit<CompileOptions, "root">)
  /** A program of the host, by name or path. */
  | { kind: "host"; name: string }
  /** A test of a script: its place among the script's tests. */
  | { kind: "script"; path: string; index: number };

/** One test of a manifest, ready to be run. */
export interface TestCase {
  /** "core/alarm": suite and name. */
  id: string;
  suite: string;
  name: string;
  /** Where it is written down; line from 1. */
  location?: Location | undefined;
  target: Target;
  args: readonly string[];
  stdin: string | undefined;
  /** Files of a working folder of its own, which takes the place of `cwd`. */
  files?: Files | undefined;
  /** Signals to send to the program. */
  signals?: Sends | undefined;
  /** What is set up before each of its native runs and recordings, and torn down behind it. */
  fixture?: Fixture | undefined;
  /** What it shares with the other tests of its manifest. */
  shared?: SharedFixture | undefined;
  /** Attempts, where the run does not say. */
  repeat?: number | undefined;
  environment: Readonly<Record<string, string>>;
  /** Folder that the program runs in. */
  cwd: string;
  /** For each of the phases. */
  timeoutSeconds: number;
  /** What takes longer is slow, which is shown. @default 20 */
  slowSeconds?: number | undefined;
  /** It fails where it leaves processes running. @default that is shown */
  failsOnLeaks?: boolean | undefined;
  /** No other test may run at the same time. */
  alone: boolean;
  /** Room that it takes among those that run at the same time. */
  weight: number;
  /** Names of things of which only one test may have each at a time. */
  exclusive: readonly string[];
  /** Words to choose tests by. */
  tags: readonly string[];
  /** Attempts after a failed one; undefined where the run decides. */
  retry: number | undefined;
  /** Exit codes by which the program skips itself. @default those of most harnesses */
  skipExit?: readonly number[] | undefined;
  skip: string | undefined;
  /** The engine, where the command line names none. */
  engine: EngineChoice;
  /** Described host that the program runs on: a name or an absolute path. */
  host: string | undefined;
  conditions: Conditions;
  /** It is in the file of known failures. */
  known?: KnownFailure | undefined;
  expect: Expectations;
}

/** A failure that the file of known failures has. */
export interface KnownFailure {
  /** What is said of it, with its place in the file: "known.txt:3". */
  reason: string;
  place: string;
  /** A pass fails the run; else it leads to a shorter file. */
  strict: boolean;
}

/** A test is run; how its result is to be taken. */
export interface RunDecision {
  readonly kind: "run";
  /** What a pass is marked with. */
  readonly flags: readonly Note[];
  /** It is run though it is not supported, for these reasons. */
  readonly forced: readonly Note[];
  /** It must fail, for this reason. */
  readonly xfail?: Note;
}

/** Whether a test is run. */
export type Decision =
  | RunDecision
  | { readonly kind: "skip"; readonly note: Note }
  | { readonly kind: "broken"; readonly reason: string };

/** All attempts at a test, and what follows from them. */
export interface TestResult {
  test: TestCase;
  engine: EngineName;
  /** With the engine's version, where it could be started: "rr 5.6.0". */
  engineLabel: string;
  verdict: Verdict;
  attempts: readonly Attempt[];
  passed: number;
}

/** What is wrong with a script as a whole: a test that has 'only', hooks around all tests that went wrong. */
export interface ScriptProblem {
  path: string;
  reason: string;
}

/** What a whole run came to. */
export interface RunSummary {
  results: readonly TestResult[];
  /** Tests of each verdict. */
  counts: Readonly<Record<Verdict["kind"], number>>;
  /** Tests that passed every time, that did not, and that were not run. */
  passed: number;
  failed: number;
  skipped: number;
  /** Tests that were expected to fail and did: neither passed nor failed. */
  xfailed: number;
  milliseconds: number;
  /** Tests of those that passed which did so only when they were tried again. */
  flaky: number;
  /** It was ended from outside before all was done. */
  interrupted: boolean;
  /** What is wrong with scripts as a whole; the run fails for it. */
  scriptProblems: readonly ScriptProblem[];
  /** What went wrong when fixtures of manifests or of the run were torn down; the run is broken for it. */
  teardownProblems: readonly string[];
  /** It ended itself before all was done: enough tests had failed. */
  stoppedByFailures: boolean;
  /** Whether lines of the kernel's log could be seen at all. */
  kernelLogReadable: boolean;
  /** Settings of the kernel that counters depend on, and that changed under the run. */
  settingChanges: readonly SettingChange[];
}

/** What happens during a run, for reporters. */
export type RunEvent =
  | { kind: "run-started"; tests: readonly TestCase[]; repeat: number; jobs: number }
  /** `progress` is the file that a recorder writes there how far it has come, if it does. */
  | { kind: "phase-started"; test: TestCase; attempt: number; phase: Phase; progress?: string }
  /** A step of a script's test has ended: the names from the test down to it. */
  | { kind: "step-finished"; test: TestCase; attempt: number; path: readonly string[]; result: StepResult }
  | { kind: "attempt-finished"; test: TestCase; attempt: Attempt }
  | { kind: "run-finished"; summary: RunSummary };

/** Shows events in some form; it never influences the run. */
export type Reporter = (event: RunEvent) => void;
