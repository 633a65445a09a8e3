/** A whole run: every test the asked number of times, side by side, told to a reporter as it goes. */

import type { EngineName } from "../host/mod.ts";
import { type LogWatch, type Settings, settingChanges } from "../kernel/mod.ts";
import type { Guard } from "../processes/mod.ts";
import type { Attempt, Phase, Verdict } from "../results/mod.ts";
import {
  Aborted,
  CATCH_TRIES,
  makeAttempt,
  makeScriptAttempt,
  NATIVE_RUNS,
  Programs,
} from "./attempt/mod.ts";
import { Snapshots } from "./compare/mod.ts";
import { judgeAttempt, type Plan, type PreparedTest, prepare, type Surroundings } from "./decide/mod.ts";
import { type SharedFixture, SharedFixtures } from "./fixture/mod.ts";
import type { NoGuard } from "./in-tx-guard.ts";
import { leakVerdict } from "./leaks.ts";
import { type PoolTask, runPool } from "./pool.ts";
import type { ScriptSessions } from "./select/mod.ts";
import { slowPhases } from "./slow.ts";
import { isHarmless, summarize, type TriedTest } from "./summarize.ts";
import type { Reporter, RunSummary, Target, TestCase } from "./types.ts";
import { type AttemptFolder, type Keep, Workspace } from "./workspace.ts";

/** How tests are run. */
export interface RunOptions extends Surroundings {
  tests: readonly TestCase[];
  /** Attempts at each test that does not say. */
  repeat: number;
  /** Attempts after a failed one, where the test does not say. */
  retry: number;
  /** Repeats all tests until one fails, `repeat` times at most. */
  untilFail: boolean;
  /** Ends the run once so many tests have failed. */
  failFast: number | undefined;
  /** The scripts that tests are of. */
  scripts: ScriptSessions;
  /** What is set up before the first test, and torn down behind the last. @default nothing */
  fixture?: SharedFixture | undefined;
  /** Attempts at each test that begin with a native run. @default NATIVE_RUNS */
  nativeRuns?: number;
  /** Recordings until a failure of the native run is caught, at most. @default CATCH_TRIES */
  catchTries?: number;
  /** Attempts that may run at a time. */
  jobs: number;
  keep: Keep;
  /** Folder that the traces of failures are kept in. */
  root: string;
  /** Outputs that are kept beside manifests. @default as CI or not needs them */
  snapshots?: Snapshots;
  /** Ticks of earlier runs on this host, for `ticks: { baseline }`. @default nothing is known */
  baselineTicks?: (test: TestCase, engine: EngineName) => number | undefined;
  /** Follows the kernel's log. */
  log: LogWatch;
  /** Reads the kernel's settings. */
  settings: () => Settings;
  /** Watches tests that are run by force; made when there is one. */
  guard: () => Guard | NoGuard;
  /** Ends the run early. */
  abort: AbortSignal;
  report: Reporter;
}

/** What one attempt is made with. */
interface Means {
  options: RunOptions;
  workspace: Workspace;
  programs: Programs;
  snapshots: Snapshots;
  guard: Guard | undefined;
  fixtures: SharedFixtures;
}

/**
 * Runs tests.
 *
 * @param options Which, how often, and with what.
 * @returns The summary that was reported last.
 * @throws {UsageError} If all tests need a compiler and there is none.
 */
export async function runTests(options: RunOptions): Promise<RunSummary> {
  const { tests, repeat, jobs, report, settings, untilFail } = options;
  const started = performance.now();
  const before = settings();
  const { prepared, guard } = prepareAll(options);
  const workspace = new Workspace(options.root);
  const failures = new FailureLimit(untilFail ? 1 : options.failFast);
  // What runs when enough tests have failed goes on to its end; what is ended from outside does not.
  const noMore = AbortSignal.any([options.abort, failures.reached]);
  const { snapshots = new Snapshots() } = options;
  const timesOf = ({ test }: PreparedTest) => test.repeat ?? repeat;
  const uses = untilFail ? new Map() : usesOf(prepared, options.fixture, timesOf);
  const fixtures = new SharedFixtures(workspace.fixtures, uses, options.abort);
  const means: Means = { options, workspace, programs: new Programs(prepared), snapshots, guard, fixtures };
  const attempts = new Map<PreparedTest, Attempt[]>(prepared.map((test) => [test, []]));
  report({ kind: "run-started", tests, repeat, jobs });

  const task = (prepared: PreparedTest, number: number): PoolTask => ({
    weight: prepared.test.alone ? jobs : prepared.test.weight,
    exclusive: prepared.test.exclusive,
    async run() {
      const retries = prepared.test.retry ?? options.retry;
      try {
        for (let retry = 0; retry <= retries; retry++) {
          const attempt = await attemptOnce(means, prepared, number, retry);
          if (attempt === undefined) return;
          attempts.get(prepared)?.push(attempt);
          report({ kind: "attempt-finished", test: prepared.test, attempt });
          if (isHarmless(attempt.verdict)) return;
        }
      } finally {
        await fixtures.leave(sharedOf(prepared, options.fixture));
      }
      failures.count(prepared);
    },
  });
  // Tests that must be alone come last: each of them empties the pool.
  const inOrder = prepared.toSorted((a, b) => Number(a.test.alone) - Number(b.test.alone));
  const round = (number: number) =>
    inOrder.filter((test) => number <= timesOf(test)).map((test) => task(test, number));
  const rounds = Math.max(repeat, ...prepared.map(timesOf));
  if (untilFail) {
    for (let number = 1; number <= rounds && !noMore.aborted; number++)
      await runPool(round(number), jobs, noMore);
  } else {
    const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
    await runPool(numbers.flatMap(round), jobs, noMore);
  }

  const scriptProblems = await options.scripts.close();
  await fixtures.close();
  workspace.close();
  const tried = [...attempts].map(([prepared, made]) => [triedOf(prepared), made] as const);
  const summary = summarize(new Map(tried), {
    repeat: untilFail ? undefined : repeat,
    milliseconds: performance.now() - started,
    interrupted: options.abort.aborted,
    stoppedByFailures: failures.reached.aborted,
    scriptProblems,
    teardownProblems: fixtures.failures,
    kernelLogReadable: options.log.readable,
    settingChanges: settingChanges(before, settings()),
  });
  report({ kind: "run-finished", summary });
  return summary;
}

function triedOf({ test, engine, plan }: PreparedTest): TriedTest {
  return { test, engine, engineLabel: plan.kind === "run" ? plan.by.label : engine };
}

/** The fixtures that a test shares with others, the outer one first; none where nothing of it is run. */
function sharedOf({ test, plan }: PreparedTest, ofRun: SharedFixture | undefined): SharedFixture[] {
  if (plan.kind !== "run") return [];
  return [ofRun, test.shared].filter((fixture) => fixture !== undefined);
}

/** How many attempts will use each shared fixture. */
function usesOf(
  prepared: readonly PreparedTest[],
  ofRun: SharedFixture | undefined,
  timesOf: (prepared: PreparedTest) => number,
): Map<SharedFixture, number> {
  const uses = new Map<SharedFixture, number>();
  for (const one of prepared) {
    for (const fixture of sharedOf(one, ofRun)) uses.set(fixture, (uses.get(fixture) ?? 0) + timesOf(one));
  }
  return uses;
}

/** Ends a run when so many tests have failed. */
class FailureLimit {
  readonly #limit: number;
  readonly #failed = new Set<PreparedTest>();
  readonly #stop = new AbortController();

  constructor(limit: number | undefined) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
  }

  /** Aborted when the limit is reached. */
  get reached(): AbortSignal {
    return this.#stop.signal;
  }

  count(test: PreparedTest): void {
    this.#failed.add(test);
    if (this.#failed.size >= this.#limit) this.#stop.abort();
  }
}

/** Prepares the tests; those that must be watched are marked where nobody can. */
function prepareAll(options: RunOptions): { prepared: PreparedTest[]; guard: Guard | undefined } {
  const prepared = options.tests.map((test) => prepare(test, options));
  if (!prepared.some(({ plan }) => isGuarded(plan))) return { prepared, guard: undefined };
  const guard = options.guard();
  if ("watch" in guard) return { prepared, guard };
  const unwatched = { text: `the IN_TX guard can't watch: ${guard.reason}`, capabilities: [], missing: [] };
  const marked = prepared.map((test) =>
    isGuarded(test.plan)
      ? { ...test, plan: { ...test.plan, forced: [...test.plan.forced, unwatched] } }
      : test,
  );
  return { prepared: marked, guard: undefined };
}

type RunPlan = Extract<Plan, { kind: "run" }>;

/** What is run by force on a PMU that may count wrongly is watched; software counts right. */
function isGuarded(plan: Plan): plan is RunPlan {
  return plan.kind === "run" && plan.forced.length > 0 && plan.by.countsByPmu;
}

async function attemptOnce(
  means: Means,
  prepared: PreparedTest,
  number: number,
  retry: number,
): Promise<Attempt | undefined> {
  const { test, engine, plan } = prepared;
  const without = (verdict: Verdict): Attempt => ({ number, engine, verdict, milliseconds: {} });
  if (plan.kind !== "run") return without(verdictWithoutRun(plan));
  const { target } = test;
  const program = target.kind === "script" ? undefined : await means.programs.find(target);
  if (program !== undefined && "verdict" in program) return without(program.verdict);
  const shared = await means.fixtures.enter(sharedOf(prepared, means.options.fixture));
  if (shared === "aborted") return undefined;
  if ("broken" in shared) return without({ kind: "broken", reason: shared.broken });
  const turn = { number, retry, environment: shared.environment };
  if (target.kind === "script") return await scriptAttempt(means, test, target, plan, turn);
  return await attemptWith(means, test, plan, program?.path ?? "", turn);
}

function verdictWithoutRun(plan: Exclude<Plan, RunPlan>): Verdict {
  if (plan.kind === "broken") return plan;
  const { text, missing, url } = plan.note;
  return { kind: "skip", reason: text, missing, ...(url !== undefined && { url }) };
}

/** Which attempt: from 1, how many times it was tried before, and what stands for it. */
interface Turn {
  number: number;
  retry: number;
  /** Variables that shared fixtures have handed on. */
  environment: Readonly<Record<string, string>>;
}

/** An attempt by record and replay. */
function attemptWith(
  means: Means,
  test: TestCase,
  plan: RunPlan,
  program: string,
  turn: Turn,
): Promise<Attempt | undefined> {
  const { abort, report, nativeRuns = NATIVE_RUNS, catchTries = CATCH_TRIES } = means.options;
  const { number } = turn;
  return observed(means, test, plan, turn, (folder) =>
    makeAttempt({
      test,
      number,
      environment: turn.environment,
      program,
      nativeRuns,
      catchTries,
      engine: plan.by,
      folder,
      snapshots: means.snapshots,
      baselineTicks:
        test.expect.ticks?.baseline === undefined
          ? undefined
          : means.options.baselineTicks?.(test, plan.by.name),
      guard: isGuarded(plan) ? means.guard : undefined,
      abort,
      onPhase: (phase: Phase) => {
        const progress = phase === "record" ? folder.file("record", "progress") : undefined;
        report({ kind: "phase-started", test, attempt: number, phase, ...(progress && { progress }) });
      },
    }),
  );
}

/** An attempt by a script's process. */
function scriptAttempt(
  means: Means,
  test: TestCase,
  target: Extract<Target, { kind: "script" }>,
  plan: RunPlan,
  turn: Turn,
): Promise<Attempt | undefined> {
  const { abort, report, scripts } = means.options;
  const { number } = turn;
  return observed(means, test, plan, turn, (folder) =>
    makeScriptAttempt({
      test,
      target,
      number,
      environment: turn.environment,
      scripts,
      folder,
      abort,
      onPhase: (phase) => report({ kind: "phase-started", test, attempt: number, phase }),
      onStep: (path, result) => report({ kind: "step-finished", test, attempt: number, path, result }),
    }),
  );
}

/** Makes an attempt in a folder of its own, with an ear on the kernel's log. */
async function observed(
  { options, workspace }: Means,
  test: TestCase,
  plan: RunPlan,
  { number, retry }: Turn,
  make: (folder: AttemptFolder) => Promise<Attempt>,
): Promise<Attempt | undefined> {
  const { keep, log } = options;
  const folder = workspace.attempt(test.suite, test.name, number, retry);
  const reader = log.enter();
  let kept = false;
  try {
    const made = await make(folder);
    log.leave(reader);
    const slow = slowPhases(made, test);
    const verdict = judgeAttempt(leakVerdict(made, test), plan, test.known);
    const attempt: Attempt = {
      ...made,
      verdict,
      ...(retry > 0 && { retry }),
      ...(slow.length > 0 && { slow }),
      ...(reader.lines.length > 0 && { kernelLog: [...(made.kernelLog ?? []), ...reader.lines] }),
    };
    kept = keep === "all" || (keep === "failed" && !isHarmless(verdict));
    if (!kept) return attempt;
    const { trace, ...where } = folder.keep();
    if (trace === undefined) return { ...attempt, ...where };
    const replay = plan.by.replayByHand?.(trace);
    return { ...attempt, ...where, trace, ...(replay && { replay }) };
  } catch (error) {
    log.leave(reader);
    if (error instanceof Aborted) return undefined;
    throw error;
  } finally {
    if (!kept) folder.remove();
  }
}
