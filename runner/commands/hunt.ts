/** `tickproof hunt`: runs a command under one schedule after the other until it fails, and keeps that run. */
import { availableParallelism } from "node:os";
import { defineCommand } from "../args/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { settings } from "../settings/mod.ts";

/** Seconds that a hunt takes where nobody bounds it. */
const DEFAULT_TIME = 300;
/** Seconds that a run may take where nobody says. */
const DEFAULT_TIMEOUT = 60;
/** Runs where only time bounds them: more than fit in. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;
/** Room for traces where nobody says, in MB. */
const DEFAULT_BUDGET_MB = 4096;
const DEFAULT_AGAIN = 3;

export const hunt = defineCommand({
  name: "hunt",
  summary: "Run a command under many schedules until it fails, and keep the failing run",
  details: [
    "Records CMD again and again, each time with another seed of --chaos, as many at a time as there are processors, until",
    "a run fails or the budget ends. The trace of the failure is kept; its seed is tried again. A run fails if it does not",
    "end with exit code 0, or takes too long; with --exit, --signal, --output or --script if one of these says so.",
    "Exit code 1 if a run has failed, 0 if none has.",
    "  tickproof hunt -- ./queue-test",
    "  tickproof hunt --time 60 --signal SIGSEGV,SIGABRT -- ./server --self-test",
  ].join("\n"),
  options: {
    time: {
      kind: "count",
      value: "SECONDS",
      help: `end after so long (default ${DEFAULT_TIME}, or none with --runs)`,
    },
    runs: { kind: "count", value: "N", help: "end after so many runs" },
    failures: { kind: "count", value: "N", help: "go on until so many runs have failed (default 1)" },
    jobs: { kind: "count", value: "N", help: "runs at a time (default: as many as processors)" },
    seed: { kind: "text", value: "SEED", help: "seed of the first run; the next ones count on (default 1)" },
    fair: { kind: "flag", help: "without chaos, to compare: tasks take turns as record lets them" },
    exit: { kind: "text", value: "CODES", help: "a run with one of these exit codes fails" },
    signal: {
      kind: "text",
      value: "NAMES",
      help: "a run that dies of one of these signals fails; any for all",
    },
    output: { kind: "text", value: "REGEX", help: "a run that prints what matches fails" },
    script: {
      kind: "text",
      value: "LINE",
      help: "a run fails if this line for sh does (125: can't say); TICKPROOF_HUNT_EXIT, _STDOUT, _STDERR, _SEED and _TRACE tell it of the run",
    },
    timeout: {
      kind: "count",
      value: "SECONDS",
      help: `a run that takes longer is ended, and has failed (default ${DEFAULT_TIMEOUT})`,
    },
    again: {
      kind: "text",
      value: "N",
      help: `runs with the seed of the first failure, to see whether it fails again (default ${DEFAULT_AGAIN})`,
    },
    "no-why": {
      kind: "flag",
      help: "do not look for the smallest difference between the first failure's schedule and one that passes",
    },
    budget: {
      kind: "count",
      value: "MB",
      help: "room for a trace, and for all that are kept (default 4096)",
    },
    quiet: { kind: "flag", short: "q", help: "say nothing but what has failed" },
    json: { kind: "flag", help: "one JSON object, at the end" },
  },
  positionals: { usage: "[--] CMD ARGS…", min: 1, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: command }) {
    const [{ hunt, parsePredicate }, { MAX_SEED }] = await Promise.all([
      import("../hunt/mod.ts"),
      import("../../engine/mod.ts"),
    ]);
    const { time, runs, fair, json, quiet } = options;
    if (fair && options.seed !== undefined)
      throw new UsageError("--seed has no meaning with --fair: leave one out");
    const file = await settings();
    return await hunt({
      command,
      predicate: parsePredicate(options),
      timeoutSeconds: options.timeout ?? DEFAULT_TIMEOUT,
      budget: {
        runs: runs ?? NO_BOUND,
        milliseconds: timeOf(time ?? (runs === undefined ? DEFAULT_TIME : undefined)),
        failures: options.failures ?? 1,
        jobs: options.jobs ?? availableParallelism(),
      },
      megabytes: options.budget ?? file.keepMegabytes ?? DEFAULT_BUDGET_MB,
      firstSeed: fair ? undefined : wholeNumber("--seed", options.seed ?? "1", MAX_SEED),
      maxSeed: MAX_SEED,
      again: wholeNumber("--again", options.again ?? `${DEFAULT_AGAIN}`, 1_000_000),
      why: !options["no-why"],
      quiet,
      json,
    });
  },
});

/** Milliseconds of a bound in seconds: what a timer can wait for (setTimeout takes 31 bits), some 24 days. */
function timeOf(seconds: number | undefined): number {
  return Math.min((seconds ?? Number.POSITIVE_INFINITY) * 1000, 0x7fff_ffff);
}

function wholeNumber(option: string, text: string, largest: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= largest) return value;
  throw new UsageError(`${option} takes a whole number of 0 to ${largest}: current value is '${text}'`);
}
