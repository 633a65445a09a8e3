/** A whole run: every test the asked number of times, side by side, told to a reporter as it goes. */
import { UsageError } from "../errors.ts";
import { compile } from "../programs/compile.ts";
import { type Compiler, findCompiler } from "../programs/compiler.ts";
import { Aborted, makeAttempt } from "./attempt.ts";
import { runPool } from "./pool.ts";
import { summarize } from "./summarize.ts";
import type { Attempt, Reporter, RunSummary, TestCase, Verdict } from "./types.ts";
import { type Keep, Workspace } from "./workspace.ts";

/** How tests are run. */
export interface RunOptions {
  tests: readonly TestCase[];
  /** Attempts at each test. */
  repeat: number;
  /** Attempts that may run at a time. */
  jobs: number;
  keep: Keep;
  /** Starts the engine: `[...engine, "record", …]`. */
  engine: readonly string[];
  /** Folder that the traces of failures are kept in. */
  root: string;
  /** Ends the run early. */
  abort: AbortSignal;
  report: Reporter;
}

/** A program to run, or why there is none. */
type Program = { path: string } | { verdict: Verdict };

/**
 * Runs tests.
 *
 * @param options Which, how often, and with what.
 * @returns The summary that was reported last.
 * @throws {UsageError} If a test needs a compiler and there is none.
 */
export async function runTests(options: RunOptions): Promise<RunSummary> {
  const { tests, repeat, jobs, abort, report } = options;
  const started = performance.now();
  const programs = new Programs(tests);
  const workspace = new Workspace(options.root);
  const attempts = new Map<TestCase, Attempt[]>(tests.map((test) => [test, []]));
  report({ kind: "run-started", tests, repeat, jobs });

  const task = (test: TestCase, number: number) => async () => {
    const attempt = await attemptOnce(options, workspace, programs, test, number);
    if (attempt === undefined) return;
    attempts.get(test)?.push(attempt);
    report({ kind: "attempt-finished", test, attempt });
  };
  const tasks = (alone: boolean) =>
    Array.from({ length: repeat }, (_, index) => index + 1).flatMap((number) =>
      tests.filter((test) => test.alone === alone).map((test) => task(test, number)),
    );
  await runPool(tasks(false), jobs, abort);
  await runPool(tasks(true), 1, abort);

  workspace.close();
  const summary = summarize(attempts, repeat, performance.now() - started, abort.aborted);
  report({ kind: "run-finished", summary });
  return summary;
}

async function attemptOnce(
  { engine, keep, abort, report }: RunOptions,
  workspace: Workspace,
  programs: Programs,
  test: TestCase,
  number: number,
): Promise<Attempt | undefined> {
  const program = await programs.find(test);
  if ("verdict" in program) return { number, verdict: program.verdict, milliseconds: {} };
  const folder = workspace.attempt(test.suite, test.name, number);
  let kept = false;
  try {
    const attempt = await makeAttempt({
      test,
      number,
      program: program.path,
      engine,
      folder,
      abort,
      onPhase: (phase) => report({ kind: "phase-started", test, attempt: number, phase }),
    });
    kept = keep === "all" || (keep === "failed" && attempt.verdict.kind !== "pass");
    return kept ? { ...attempt, ...folder.whereabouts() } : attempt;
  } catch (error) {
    if (error instanceof Aborted) return undefined;
    throw error;
  } finally {
    if (!kept) folder.remove();
  }
}

/** Finds or compiles the programs of tests. */
class Programs {
  readonly #compiler: Compiler | undefined;

  constructor(tests: readonly TestCase[]) {
    const needed = tests.some(({ target, skip }) => target.kind === "source" && skip === undefined);
    this.#compiler = needed ? findCompiler() : undefined;
  }

  async find({ target, skip }: TestCase): Promise<Program> {
    if (skip !== undefined) return { verdict: { kind: "skip", reason: skip } };
    if (target.kind === "host") {
      const path = Bun.which(target.name);
      if (path !== null) return { path };
      return { verdict: { kind: "skip", reason: `this host has no '${target.name}'` } };
    }
    if (this.#compiler === undefined)
      throw new UsageError(`no compiler was looked for, but ${target.path} needs one`);
    const compilation = await compile(target.path, this.#compiler);
    if (compilation.ok) return { path: compilation.path };
    return { verdict: { kind: "broken", reason: compilation.message } };
  }
}
