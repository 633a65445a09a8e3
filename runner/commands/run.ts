/** `tickproof run`: records a whole command, such as a test suite, and keeps the trace if it fails. */
import { defineCommand } from "../args/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { PROFILE_OPTION, settings, useProfile } from "../settings/mod.ts";

/** Rounds of `--until-fail` without `--repeat`: more than anybody waits for. */
const FOREVER = 1_000_000;
/** Room for traces where nobody says, in MB: many hours of a test suite. */
const DEFAULT_BUDGET_MB = 4096;

export const run = defineCommand({
  name: "run",
  summary: "Record a whole command, such as a test suite, and keep the trace if it fails",
  details: [
    "Records CMD with all processes that it starts. Input, output, signals and the exit code are CMD's own. A trace of",
    "what passes is removed; for what fails, the last lines say what failed, where the trace is, and how to replay it.",
    "  tickproof run -- npx vitest run",
    "  tickproof run --until-fail -- pytest -x tests/test_flaky.py",
  ].join("\n"),
  options: {
    repeat: { kind: "count", value: "N", help: "run it N times (default 1)" },
    "until-fail": { kind: "flag", help: "run it again and again until it fails, --repeat times at most" },
    retry: {
      kind: "count",
      value: "N",
      help: "try again after a failure, N times at most; flaky if it passes then",
    },
    jobs: {
      kind: "count",
      value: "N",
      help: "attempts at a time, for --repeat and --until-fail (default 1); each one's output is shown at its end",
    },
    keep: { kind: "flag", help: "keep the traces of attempts that pass, too" },
    budget: {
      kind: "count",
      value: "MB",
      help: "room for a trace, and for all that are kept: the oldest go (tickproof.yaml: keepMegabytes; default 4096)",
    },
    profile: PROFILE_OPTION,
    strict: {
      kind: "flag",
      help: "end with exit code 2 where CMD can't be recorded, instead of running it by itself",
    },
    quiet: { kind: "flag", short: "q", help: "say nothing of what passes" },
  },
  positionals: { usage: "[--] CMD ARGS…", min: 1, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: command }) {
    const untilFail = options["until-fail"];
    if (untilFail && options.retry !== undefined) {
      throw new UsageError("--until-fail and --retry say the opposite of each other: give one of them");
    }
    const { runWhole } = await import("../whole/mod.ts");
    await useProfile(options.profile);
    const file = await settings();
    return await runWhole({
      command,
      budget: options.budget ?? file.keepMegabytes ?? DEFAULT_BUDGET_MB,
      keepsAll: options.keep || file.keep === "all",
      repeat: options.repeat ?? (untilFail ? FOREVER : 1),
      untilFail,
      retry: options.retry ?? (untilFail ? 0 : (file.retry ?? 0)),
      jobs: options.jobs ?? 1,
      strict: options.strict,
      quiet: options.quiet,
    });
  },
});
