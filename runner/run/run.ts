/** A whole run: every test the asked number of times, side by side, told to a reporter as it goes. */
import { type LogWatch, type Settings, settingChanges } from "../kernel/mod.ts";
import { Aborted, makeAttempt } from "./attempt.ts";
import type { Guard } from "./guard.ts";
import type { NoGuard } from "./in-tx-guard.ts";
import { judgeAttempt } from "./judge.ts";
import { runPool } from "./pool.ts";
import { type Plan, type PreparedTest, prepare, type Surroundings } from "./prepare.ts";
import { Programs } from "./programs.ts";
import { isHarmless, summarize } from "./summarize.ts";
import type { Attempt, Reporter, RunSummary, TestCase, Verdict } from "./types.ts";
import { type Keep, Workspace } from "./workspace.ts";

/** How tests are run. */
export interface RunOptions extends Surroundings {
  tests: readonly TestCase[];
  /** Attempts at each test. */
  repeat: number;
  /** Attempts that may run at a time. */
  jobs: number;
  keep: Keep;
  /** Folder that the traces of failures are kept in. */
  root: string;
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
  guard: Guard | undefined;
}

/**
 * Runs tests.
 *
 * @param options Which, how often, and with what.
 * @returns The summary that was reported last.
 * @throws {UsageError} If a test needs a compiler and there is none.
 */
export async function runTests(options: RunOptions): Promise<RunSummary> {
  const { tests, repeat, jobs, abort, report, settings } = options;
  const started = performance.now();
  const before = settings();
  const { prepared, guard } = prepareAll(options);
  const workspace = new Workspace(options.root);
  const means: Means = { options, workspace, programs: new Programs(prepared), guard };
  const attempts = new Map<PreparedTest, Attempt[]>(prepared.map((test) => [test, []]));
  report({ kind: "run-started", tests, repeat, jobs });

  const task = (test: PreparedTest, number: number) => async () => {
    const attempt = await attemptOnce(means, test, number);
    if (attempt === undefined) return;
    attempts.get(test)?.push(attempt);
    report({ kind: "attempt-finished", test: test.test, attempt });
  };
  const tasks = (alone: boolean) =>
    Array.from({ length: repeat }, (_, index) => index + 1).flatMap((number) =>
      prepared.filter(({ test }) => test.alone === alone).map((test) => task(test, number)),
    );
  await runPool(tasks(false), jobs, abort);
  await runPool(tasks(true), 1, abort);

  workspace.close();
  const summary = summarize(attempts, {
    repeat,
    milliseconds: performance.now() - started,
    interrupted: abort.aborted,
    kernelLogReadable: options.log.readable,
    settingChanges: settingChanges(before, settings()),
  });
  report({ kind: "run-finished", summary });
  return summary;
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
  { test, engine, plan }: PreparedTest,
  number: number,
): Promise<Attempt | undefined> {
  const without = (verdict: Verdict): Attempt => ({ number, engine, verdict, milliseconds: {} });
  if (plan.kind !== "run") return without(verdictWithoutRun(plan));
  const program = await means.programs.find(test);
  if ("verdict" in program) return without(program.verdict);
  return await attemptWith(means, test, plan, program.path, number);
}

function verdictWithoutRun(plan: Exclude<Plan, RunPlan>): Verdict {
  if (plan.kind === "broken") return plan;
  const { text, missing, url } = plan.note;
  return { kind: "skip", reason: text, missing, ...(url !== undefined && { url }) };
}

/** Makes the attempt in a folder of its own, with an ear on the kernel's log. */
async function attemptWith(
  { options, workspace, guard }: Means,
  test: TestCase,
  plan: RunPlan,
  program: string,
  number: number,
): Promise<Attempt | undefined> {
  const { keep, abort, report, log } = options;
  const folder = workspace.attempt(test.suite, test.name, number);
  const reader = log.enter();
  let kept = false;
  try {
    const made = await makeAttempt({
      test,
      number,
      program,
      engine: plan.by,
      folder,
      guard: isGuarded(plan) ? guard : undefined,
      abort,
      onPhase: (phase) => report({ kind: "phase-started", test, attempt: number, phase }),
    });
    log.leave(reader);
    const verdict = judgeAttempt(made.verdict, plan);
    const attempt = { ...made, verdict, ...(reader.lines.length > 0 && { kernelLog: reader.lines }) };
    kept = keep === "all" || (keep === "failed" && !isHarmless(verdict));
    if (!kept) return attempt;
    const { trace, ...where } = folder.whereabouts();
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
