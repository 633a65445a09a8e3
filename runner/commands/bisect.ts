/** `tickproof bisect`: is this commit good or bad? For `git bisect run`, and for failures that only show now and then. */

import { existsSync } from "node:fs";
import { defineCommand } from "../args/mod.ts";
import type { Answer, Demand } from "../bisect/verdict.ts";
import { FAILED, NothingMatched, OK, UsageError } from "../errors/mod.ts";
import { Scratch } from "../files/mod.ts";
import { say } from "../output/mod.ts";
import type { Verdict } from "../results/mod.ts";
import type { ScriptSessions, TestCase } from "../run/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import { counted } from "../text/mod.ts";
import { Ending } from "./_ending.ts";

/** What `git bisect run` takes for "this commit can't be tested" (git-bisect(1)). */
const UNTESTABLE = 125;
/** Rate that is looked for where neither the user nor the history knows one: one failure in twenty runs. */
const DEFAULT_RATE = 0.05;
const DEFAULT_CONFIDENCE = 0.95;

export const bisect = defineCommand({
  name: "bisect",
  summary: "Say whether a flaky failure is there, for git bisect run: exit code 0, 1 or 125",
  details: [
    "Records and replays CMD (or the TEST of a manifest) again and again: one failure is enough for 'bad' (1). For",
    "'good' (0) it takes so many passes that a failure of the given rate would have shown with the given confidence.",
    "What can't be tested (it does not compile, a program is missing) is 125. CMD is also bad where it fails itself.",
    "  git bisect run sh -c 'make || exit 125; tickproof bisect --rate 10 -- ./prog'",
  ].join("\n"),
  options: {
    rate: {
      kind: "count",
      value: "PERCENT",
      help: "runs in 100 that fail at least (default: the history's, else 5)",
    },
    confidence: { kind: "count", value: "PERCENT", help: "how sure 'good' has to be (default 95)" },
    manifest: {
      kind: "text",
      value: "FILE",
      help: "manifest or script of TEST (default: those that 'suites' finds)",
    },
    timeout: {
      kind: "count",
      value: "SECONDS",
      help: "for each phase of a run (default: 60, or the manifest's)",
    },
  },
  positionals: { usage: "[--] CMD ARGS… | TEST", min: 1, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals }) {
    const { collectTests, ScriptSessions } = await import("../run/mod.ts");
    const { answerBy, runsNeeded } = await import("../bisect/verdict.ts");
    using scratch = new Scratch("bisect");
    await using scripts = new ScriptSessions(scratch.path);
    const ending = new Ending();
    const paths = options.manifest === undefined ? await manifestsFor(positionals) : [options.manifest];
    const known = positionals.length === 1 ? await collectTests(paths, scripts) : [];
    const found = known.find(({ id }) => id === positionals[0]);
    if (found === undefined && options.manifest !== undefined) {
      throw new UsageError(
        `${options.manifest} has no test '${positionals.join(" ")}': 'suites --list' shows them`,
      );
    }
    const test = withTimeout(found ?? (await commandTest(positionals)), options.timeout);
    const demand = await demandOf(test, options.rate, options.confidence);
    say(`tickproof: ${describe(demand)} take ${counted(runsNeeded(demand), "run")} of ${test.id}\n`);
    const started = performance.now();
    const runOnce = await runnerOf(test, scripts, ending.abort);
    const answer = await answerBy(demand, runOnce, (passed, needed) => {
      const left = ((performance.now() - started) / passed) * (needed - passed);
      say(
        `tickproof: ${passed} of ${needed} runs passed; ${needed - passed} to go, about ${seconds(left)}\n`,
      );
    });
    if (ending.code !== undefined) return ending.code;
    return await conclude(answer, demand);
  },
});

const seconds = (milliseconds: number): string => `${Math.ceil(milliseconds / 1000)} s`;
const percent = (part: number): string => `${Number((part * 100).toFixed(2))} %`;

function describe({ rate, confidence }: Demand): string {
  return `failures in ${percent(rate)} of the runs, to be seen with ${percent(confidence)} confidence,`;
}

function withTimeout(test: TestCase, timeout: number | undefined): TestCase {
  return timeout === undefined ? test : { ...test, timeoutSeconds: timeout };
}

/** Manifests and scripts that may have a test which is named as "suite/test" and not as a program is; often none. */
async function manifestsFor([word = "", ...rest]: readonly string[]): Promise<string[]> {
  if (rest.length > 0 || !word.includes("/") || existsSync(word)) return [];
  const [{ discover }, { settings }] = await Promise.all([
    import("../discover/mod.ts"),
    import("../settings/mod.ts"),
  ]);
  try {
    return discover([], await settings());
  } catch (error) {
    if (error instanceof NothingMatched) return [];
    throw error;
  }
}

/** A command as a test: it must end with exit code 0, and replay. */
async function commandTest([name = "", ...args]: readonly string[]): Promise<TestCase> {
  const { checkManifest } = await import("../manifest/mod.ts");
  const { manifestTests } = await import("../run/mod.ts");
  const text = JSON.stringify({ suite: "bisect", tests: [{ name: "command", command: name, args }] });
  const [test] = manifestTests({
    ...checkManifest("the command", text, process.cwd()),
    folder: process.cwd(),
    path: process.cwd(),
  });
  if (test === undefined) throw new UsageError("bisect needs a command or a test");
  return { ...test, id: [name, ...args].join(" ") };
}

/** How sure the answer has to be; the rate at which the history has seen the test fail, at least, if nobody says. */
async function demandOf(
  test: TestCase,
  rate: number | undefined,
  confidence: number | undefined,
): Promise<Demand> {
  for (const [name, value] of Object.entries({ rate, confidence })) {
    if (value !== undefined && value > 99) {
      throw new UsageError(`--${name} must be from 1 to 99 (per cent): current value is ${value}`);
    }
  }
  return {
    rate: rate === undefined ? ((await knownRate(test)) ?? DEFAULT_RATE) : rate / 100,
    confidence: confidence === undefined ? DEFAULT_CONFIDENCE : confidence / 100,
  };
}

async function knownRate(test: TestCase): Promise<number | undefined> {
  const { History, historyPlace, rateOf } = await import("../history/mod.ts");
  await using history = await History.open(historyPlace());
  const [total] = await history.totals({ test: test.id });
  if (total === undefined || total.failed === 0 || total.failed === total.attempts) return undefined;
  return rateOf(total.failed, total.attempts).low;
}

/** Makes one run after the other; the trace of a failure is kept. */
async function runnerOf(
  test: TestCase,
  scripts: ScriptSessions,
  abort: AbortSignal,
): Promise<() => Promise<Verdict>> {
  const { runOnce, surroundings } = await import("../run/mod.ts");
  const around = surroundings([test], { choice: undefined, force: false, tickproof: TICKPROOF });
  // A command that fails by itself is what is looked for.
  return async () => (await runOnce(test, { around, scripts, keep: "failed", abort, nativeRuns: 0 })).verdict;
}

async function conclude(answer: Answer, demand: Demand): Promise<number> {
  switch (answer.kind) {
    case "good":
      say(`tickproof: good: ${counted(answer.runs, "run")} passed; ${describe(demand)} would have shown\n`);
      return OK;
    case "bad": {
      const { reasonsOf } = await import("../reporters/details.ts");
      say(`tickproof: bad: run ${answer.runs} failed: ${reasonsOf(answer.verdict).join("; ")}\n`);
      return FAILED;
    }
    case "untestable":
      say(`tickproof: this can't be tested: ${answer.reason}\n`);
      return UNTESTABLE;
  }
}
