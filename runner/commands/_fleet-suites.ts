/** `tickproof suites --fleet`: sends tests to other hosts, shows what happens there, and keeps it in the history. */
import { OK, REQUIRED_SKIPPED } from "../errors/mod.ts";
import { type Ended, FleetStore, follow, type SentRun, submit } from "../fleet/mod.ts";
import { historyPlace } from "../history/mod.ts";
import { say } from "../output/mod.ts";
import { reportersFor } from "../reporters/mod.ts";
import type { Attempt } from "../results/mod.ts";
import { ENGINE_CHOICES } from "../results/mod.ts";
import {
  CATCH_TRIES,
  notRun,
  parseRequired,
  type Reporter,
  type RunSummary,
  summarize,
  type TestCase,
  type TriedTest,
} from "../run/mod.ts";
import { KEEP } from "../run/workspace.ts";
import { settings } from "../settings/mod.ts";
import { counted } from "../text/mod.ts";
import { Ending } from "./_ending.ts";
import { FleetHistory } from "./_fleet-history.ts";
import { exitCodeOf, knownFailures, tellOfKnown } from "./_suites-end.ts";
import type { SuitesOptions } from "./_suites-options.ts";

const tell = (words: string): void => say(`tickproof: ${words}\n`);

/** Runs tests on a fleet. @returns The exit code. */
export async function runOnFleet(options: SuitesOptions, asked: readonly TestCase[]): Promise<number> {
  const file = await settings();
  const shown = reportersFor(options.reporter ?? (options.json ? "json" : (file.reporter ?? "pretty")));
  const required = options.require === undefined ? [] : parseRequired(options.require);
  const known = knownFailures(options, file);
  const tests = known?.mark(asked) ?? asked;
  const repeat = options.repeat ?? 1;
  const place = historyPlace();
  await using store = await FleetStore.open(place, { warn: tell });
  await using history = options["no-history"] ? undefined : new FleetHistory(place, file.historyRuns, tell);
  const started = performance.now();
  const ending = new Ending();
  const run = await submit(
    store,
    {
      tests,
      repeat,
      retry: options.retry ?? file.retry ?? 0,
      engine: ENGINE_CHOICES.find((name) => name === (options.engine ?? file.engine)),
      force: options.force,
      catchTries: options.catch ?? file.catch ?? CATCH_TRIES,
      keep: KEEP.find((name) => name === (options.keep ?? file.keep)) ?? "failed",
      labels: options.on?.split(",").map((label) => label.trim()) ?? [],
      eachHost: options["each-host"],
    },
    process.cwd(),
    tell,
  ).catch((error: unknown) => {
    throw store.error(error);
  });
  tell(`run ${run.id}: ${wordsOf(run)}`);
  const slots = run.agents.reduce((sum, agent) => sum + agent.slots, 0);
  const skips = run.skipped.map((one) => ({
    ...one,
    attempt: { number: 1, engine: "embedded", verdict: one.verdict, milliseconds: {} } satisfies Attempt,
  }));
  shown({ kind: "run-started", tests: run.shown, repeat, jobs: slots });
  for (const { shown: test, test: original, attempt } of skips) {
    shown({ kind: "attempt-finished", test, attempt });
    await history?.add(undefined, original, attempt);
  }
  const { ended, interrupted, stoppedByFailures } = await follow(store, run, {
    abort: ending.abort,
    failFast: options["fail-fast"],
    report: shown,
    keep: async ({ agent, job, result }) => {
      for (const attempt of result.attempts) await history?.add(agent, job.test, attempt);
    },
    say: tell,
  });
  const summary = summaryOf(run, ended, skips, {
    repeat,
    milliseconds: performance.now() - started,
    interrupted,
    stoppedByFailures,
  });
  shown({ kind: "run-finished", summary } satisfies Parameters<Reporter>[0]);
  await history?.finish(interrupted);
  if (ending.code !== undefined) return ending.code;
  if (known !== undefined) tellOfKnown(known.update(summary, options["update-known-failures"]));
  const missed = notRun(required, summary);
  for (const sentence of missed) tell(`--require: ${sentence}`);
  const code = exitCodeOf(summary);
  return code === OK && missed.length > 0 ? REQUIRED_SKIPPED : code;
}

function wordsOf({ jobs, agents, sentBytes }: SentRun): string {
  const versions = new Set(agents.map(({ version }) => version));
  const mixed =
    versions.size > 1 ? `; they are of several versions: ${[...versions].toSorted().join(", ")}` : "";
  return `${counted(jobs.length, "job")} for ${counted(agents.length, "agent")}, ${counted(sentBytes, "byte")} of the project sent${mixed}`;
}

/** Sums a run up as one on this machine. */
function summaryOf(
  { shown }: SentRun,
  ended: readonly Ended[],
  skips: readonly { shown: TestCase; attempt: Attempt }[],
  how: Pick<RunSummary, "milliseconds" | "interrupted" | "stoppedByFailures"> & { repeat: number },
): RunSummary {
  const byTest = Map.groupBy(ended, ({ job }) => job.shown);
  const skipped = new Map(skips.map(({ shown: test, attempt }) => [test, attempt]));
  const attempts = new Map(
    shown.map((test): [TriedTest, readonly Attempt[]] => {
      const of = byTest.get(test) ?? [];
      const { engine, engineLabel } = of[0]?.result ?? {
        engine: "embedded" as const,
        engineLabel: "embedded",
      };
      const skip = skipped.get(test);
      return [
        { test, engine, engineLabel },
        skip === undefined ? of.flatMap(({ result }) => result.attempts) : [skip],
      ];
    }),
  );
  const problems = ended.flatMap(({ job, agent, result }) =>
    result.problems.map((reason) => ({ path: `${job.test.id} on ${agent?.name ?? "no host"}`, reason })),
  );
  return summarize(attempts, {
    ...how,
    scriptProblems: problems,
    teardownProblems: [],
    // Each attempt has the lines of its own host's.
    kernelLogReadable: true,
    settingChanges: [],
  });
}
