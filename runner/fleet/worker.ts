/**
 * The process of one job: runs one test once, as `tickproof suites` would, and says on standard output what happens, a line of
 * JSON for each. Its standard input is held by the agent: that it ends means that nobody wants the job any more, or that the
 * agent was killed, and all that was started ends, too.
 */
import { createInterface } from "node:readline";
import { describeError, isUserError } from "../errors/mod.ts";
import { Scratch, tracesRoot } from "../files/mod.ts";
import { liveHost } from "../host/mod.ts";
import { LogWatch, readSettings } from "../kernel/mod.ts";
import { print, say } from "../output/mod.ts";
import { killDescendants } from "../processes/mod.ts";
import {
  collectTests,
  inTxGuard,
  NATIVE_RUNS,
  type RunEvent,
  runTests,
  ScriptSessions,
  Snapshots,
  surroundings,
  type TestCase,
} from "../run/mod.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "../script/definition.ts";
import { settings } from "../settings/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import type { JobResult, JobSpec } from "./protocol.ts";

/** A line that this process writes. */
export type WorkerLine =
  | { is: "event"; event: object }
  | { is: "result"; result: JobResult }
  /** There is no such test here: what was sent is not whole, or is wrong. */
  | { is: "refused"; reason: string };

const write = (line: WorkerLine) => print(`${JSON.stringify(line)}\n`);

/** How long what was started may take to end in an orderly way. */
const GRACE_MS = 15_000;

/** Runs the test that a line of standard input names. */
async function work(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const end = new AbortController();
  const first = Promise.withResolvers<JobSpec>();
  const stop = () => {
    end.abort();
    setTimeout(() => {
      killDescendants();
      process.exit(1);
    }, GRACE_MS).unref();
  };
  process.once("SIGTERM", stop);
  lines.once("line", (line) => first.resolve(JSON.parse(line)));
  lines.once("close", stop);
  const spec = await first.promise;
  const result = await resultOf(spec, end.signal);
  if (!end.signal.aborted) write({ is: "result", result });
}

async function resultOf(spec: JobSpec, abort: AbortSignal): Promise<JobResult> {
  using scratch = new Scratch("scripts");
  await using scripts = new ScriptSessions(scratch.path);
  const all = await collectTests([spec.file], scripts);
  const found = all.find(({ id }) => id === spec.test);
  if (found === undefined) throw new Refused(`${spec.file} has no test '${spec.test}' there`);
  const test = asAsked(found, spec);
  const { setup, teardown, timeout } = await settings();
  const summary = await runTests({
    ...surroundings([test], { choice: spec.engine, force: spec.force, tickproof: TICKPROOF }),
    tests: [test],
    scripts,
    repeat: 1,
    retry: spec.retry,
    untilFail: false,
    fixture:
      setup === undefined && teardown === undefined
        ? undefined
        : {
            setup,
            teardown,
            of: "the run",
            cwd: process.cwd(),
            timeoutSeconds: timeout ?? DEFAULT_TIMEOUT_SECONDS,
          },
    failFast: undefined,
    nativeRuns: spec.number <= NATIVE_RUNS ? NATIVE_RUNS : 0,
    catchTries: spec.catchTries,
    jobs: Math.max(1, Math.ceil(test.weight)),
    keep: spec.keep,
    snapshots: new Snapshots("compare"),
    log: new LogWatch(() => liveHost.kernelLog()),
    settings: () => readSettings(liveHost),
    guard: () => inTxGuard(liveHost),
    root: tracesRoot(),
    abort,
    report: tellOf,
  });
  const [result] = summary.results;
  if (result === undefined) throw new Error(`a run of '${spec.test}' has no result`);
  return {
    engine: result.engine,
    engineLabel: result.engineLabel,
    attempts: result.attempts.map((attempt) => ({ ...attempt, number: spec.number })),
    problems: [
      ...summary.scriptProblems.map(({ path, reason }) => `${path}: ${reason}`),
      ...summary.teardownProblems,
      ...summary.settingChanges.map(
        ({ name, before, after }) => `the kernel's ${name} changed meanwhile from ${before} to ${after}`,
      ),
    ],
  };
}

/** What was sent is not as it must be. */
class Refused extends Error {}

/** The test as those want it who have sent it: their settings, not those of this host. */
function asAsked(test: TestCase, spec: JobSpec): TestCase {
  const { timeoutSeconds, slowSeconds, failsOnLeaks, skipExit, known } = spec;
  return {
    ...test,
    repeat: 1,
    retry: spec.retry,
    timeoutSeconds,
    slowSeconds,
    failsOnLeaks,
    skipExit: skipExit ?? test.skipExit,
    known,
  };
}

function tellOf(event: RunEvent): void {
  if (event.kind === "phase-started") write({ is: "event", event: { kind: "phase", phase: event.phase } });
  if (event.kind === "step-finished") {
    write({ is: "event", event: { kind: "step", path: event.path, result: event.result } });
  }
}

try {
  await work();
  process.exit(0);
} catch (error) {
  if (!(error instanceof Refused) && !isUserError(error)) {
    say(`${describeError(error)}\n`);
    process.exit(70);
  }
  write({ is: "refused", reason: error.message });
  process.exit(0);
}
