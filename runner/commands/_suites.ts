/** What `tickproof suites` does: chooses tests, runs them, keeps their history, and shows what came of them. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { discover } from "../discover/mod.ts";
import { FAILED, OK, REQUIRED_SKIPPED, UsageError } from "../errors/mod.ts";
import { Scratch, tracesRoot } from "../files/mod.ts";
import { History, historyPlace } from "../history/mod.ts";
import { ENGINE_NAMES, liveHost } from "../host/mod.ts";
import { LogWatch, readSettings } from "../kernel/mod.ts";
import { isRichTerminal, print, say } from "../output/mod.ts";
import { forecastJson, forecastText, listTests, reportersFor, styleFor } from "../reporters/mod.ts";
import { ENGINE_CHOICES } from "../results/mod.ts";

import {
  CATCH_TRIES,
  collectTests,
  forecastOn,
  inTxGuard,
  keepWithin,
  notRun,
  parseRequired,
  parseShard,
  runTests,
  ScriptSessions,
  type Selection,
  type SharedFixture,
  Snapshots,
  selectTests,
  surroundings,
  type TestCase,
} from "../run/mod.ts";
import { KEEP } from "../run/workspace.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "../script/definition.ts";
import { settings, useProfile } from "../settings/mod.ts";
import type { Settings } from "../settings/schema.ts";
import { TICKPROOF } from "../start/mod.ts";
import { counted } from "../text/mod.ts";
import { Ending } from "./_ending.ts";
import { checkFleetOptions } from "./_fleet-options.ts";
import { RunHistory } from "./_run-history.ts";
import { exitCodeOf, knownFailures, tellOfKnown } from "./_suites-end.ts";
import type { SuitesOptions } from "./_suites-options.ts";
import { watchAndRun, watchedFiles } from "./_watch.ts";

/** Rounds of `--until-fail` without `--repeat`: more than anybody waits for. */
const FOREVER = 1_000_000;

/**
 * Does what the command line says.
 *
 * @param options Of the command line.
 * @param files Manifests, scripts, folders and globs; what the settings include, or lies below, if there are none.
 * @returns The exit code.
 */
export async function runSuites(options: SuitesOptions, files: readonly string[]): Promise<number> {
  checkFleetOptions(options);
  await useProfile(options.profile);
  const selection = await selectionOf(options);
  using scratch = new Scratch("scripts");
  await using scripts = new ScriptSessions(scratch.path);
  const paths = discover(files, await settings());
  const all = await collectTests(paths, scripts);
  const { timeout: usualTimeout, skipExit, slow, leaks } = await settings();
  const timeout = options.timeout ?? usualTimeout;
  // What the command line says of repeating is said of all tests.
  const repeatsAll = options.repeat !== undefined || options["until-fail"];
  const tests = selectTests(all, selection).map((test) => ({
    ...test,
    ...(timeout !== undefined && { timeoutSeconds: timeout }),
    skipExit: test.skipExit ?? skipExit,
    ...(slow !== undefined && { slowSeconds: slow }),
    ...(leaks === "fail" && { failsOnLeaks: true }),
    ...(repeatsAll && { repeat: undefined }),
  }));
  if (options.list) {
    listTests(tests, options.json);
    return OK;
  }
  if (options.host !== undefined || options["dry-run"]) return await showForecast(options, tests);
  if (options.watch) return await watchTests(paths, tests);
  if (options.fleet) {
    const { runOnFleet } = await import("./_fleet-suites.ts");
    return await runOnFleet(options, tests);
  }
  return await runAll(options, tests, scripts);
}

/** Which tests are wanted, and in which order. */
async function selectionOf({ filter, failed, shard, shuffle }: SuitesOptions): Promise<Selection> {
  const seed = shuffle === 0 ? 1 + Math.floor(Math.random() * 999_999) : shuffle;
  if (seed !== undefined) say(`tickproof: the order is by chance; --shuffle=${seed} gives it again\n`);
  return {
    filter,
    only: failed ? await lastFailed() : undefined,
    shard: shard === undefined ? undefined : parseShard(shard),
    seed,
  };
}

/** Ids of the tests that failed in the last run. */
async function lastFailed(): Promise<Set<string>> {
  await using history = await History.open(historyPlace());
  const [last] = await history.runs(1);
  if (last === undefined)
    throw new UsageError("--failed: the history has no run yet; run the tests without it first");
  const attempts = await history.attempts({ run: last.id });
  const bad = attempts.filter(({ verdict }) => !["pass", "skip", "xfail"].includes(verdict));
  return new Set(bad.map(({ test }) => test));
}

/** Shows what would happen on a host: a described one, or this one if none is named. */
async function showForecast(
  { host, engine, force, json }: SuitesOptions,
  tests: readonly TestCase[],
): Promise<number> {
  const engines = ENGINE_NAMES.filter((name) => engine === undefined || engine === "auto" || name === engine);
  const found = forecastOn({ host, engines, force }, tests);
  const style = styleFor(isRichTerminal(1));
  print(json ? `${JSON.stringify(forecastJson(found), null, 2)}\n` : forecastText(found, style));
  return OK;
}

/** Runs the tests once, and again after each change of their files. */
async function watchTests(paths: readonly string[], tests: readonly TestCase[]): Promise<number> {
  const again = process.argv.slice(1).filter((word) => word !== "--watch");
  await watchAndRun(watchedFiles(paths, tests), [process.execPath, ...again], new Ending().abort);
  return OK;
}

async function runAll(
  options: SuitesOptions,
  asked: readonly TestCase[],
  scripts: ScriptSessions,
): Promise<number> {
  const file = await settings();
  const choice = ENGINE_CHOICES.find((known) => known === (options.engine ?? file.engine));
  const shown = reportersFor(options.reporter ?? (options.json ? "json" : (file.reporter ?? "pretty")));
  const required = options.require === undefined ? [] : parseRequired(options.require);
  const known = knownFailures(options, file);
  const tests = known?.mark(asked) ?? asked;
  await using history = await RunHistory.open(options, file);

  const ending = new Ending();
  const untilFail = options["until-fail"];
  const snapshots = new Snapshots(options["update-snapshots"] ? "update" : undefined);
  const summary = await runTests({
    ...surroundings(tests, { choice, force: options.force, tickproof: TICKPROOF }),
    tests,
    scripts,
    repeat: options.repeat ?? (untilFail ? FOREVER : 1),
    retry: options.retry ?? file.retry ?? 0,
    untilFail,
    fixture: fixtureOf(file),
    failFast: options["fail-fast"],
    jobs: options.jobs ?? file.jobs ?? availableParallelism(),
    keep: KEEP.find((known) => known === (options.keep ?? file.keep)) ?? "failed",
    snapshots,
    baselineTicks: (test, engine) => history.ticksOf(test, engine),
    catchTries: options.catch ?? file.catch ?? CATCH_TRIES,
    log: new LogWatch(() => liveHost.kernelLog()),
    settings: () => readSettings(liveHost),
    guard: () => inTxGuard(liveHost),
    root: tracesRoot(),
    abort: ending.abort,
    report: (event) => {
      history.report(event);
      shown(event);
    },
  });
  if (file.keepMegabytes !== undefined) keepWithin(join(tracesRoot(), "suites"), file.keepMegabytes * 1e6);
  if (snapshots.written.length > 0)
    say(
      `tickproof: ${counted(snapshots.written.length, "snapshot")} written: ${snapshots.written.join(", ")}\n`,
    );
  if (ending.code !== undefined) return ending.code;
  if (known !== undefined) tellOfKnown(known.update(summary, options["update-known-failures"]));
  if (!(await history.finish())) return FAILED;
  const missed = notRun(required, summary);
  for (const sentence of missed) say(`tickproof: --require: ${sentence}\n`);
  const code = exitCodeOf(summary);
  return code === OK && missed.length > 0 ? REQUIRED_SKIPPED : code;
}

/** What the settings want to be set up for the whole run. */
function fixtureOf({ setup, teardown, timeout }: Settings): SharedFixture | undefined {
  if (setup === undefined && teardown === undefined) return undefined;
  return {
    setup,
    teardown,
    of: "the run",
    cwd: process.cwd(),
    timeoutSeconds: timeout ?? DEFAULT_TIMEOUT_SECONDS,
  };
}
