/** `tickproof history`: what earlier runs say of the tests. */
import { didYouMean } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";
import type { AttemptRow, History } from "../history/mod.ts";
import { isRichTerminal, print } from "../output/mod.ts";
import { styleFor } from "../reporters/style.ts";
import { isoTime, testNamed } from "./_history-choice.ts";

export const history = defineCommand({
  name: "history",
  summary: "Show what earlier runs say of the tests: flake rates, trends, first failures",
  details: [
    "Without TEST: all tests, a line each. With TEST (its id, or a part that only it has): its runs.",
    "The history is kept in .tickproof/history.sqlite, or in the file that TICKPROOF_HISTORY names.",
  ].join("\n"),
  options: {
    runs: { kind: "flag", help: "show the runs instead of the tests" },
    compare: {
      kind: "text",
      value: "A,B",
      help: "two runs (numbers, 'last', 'last-1') or two hosts side by side",
    },
    host: { kind: "text", value: "NAME", help: "only runs on this host" },
    since: { kind: "text", value: "DATE", help: "only runs that started then or later (2026-11-24)" },
    json: { kind: "flag", help: "print JSON instead of text" },
  },
  positionals: { usage: "[TEST]", min: 0, max: 1 },
  async run({ options, positionals: [test] }) {
    const { History, historyPath } = await import("../history/mod.ts");
    using history = History.open(historyPath());
    const filter = {
      ...(options.host !== undefined && { host: options.host }),
      ...(options.since !== undefined && { since: isoTime(options.since) }),
    };
    const view =
      options.compare !== undefined
        ? await compared(history, options.compare, test)
        : options.runs
          ? await listed(history)
          : await trended(history.attempts(filter), test);
    print(options.json ? `${JSON.stringify(view.json, null, 2)}\n` : view.text);
    return OK;
  },
});

/** An answer in both of its forms. */
interface View {
  json: unknown;
  text: string;
}

const style = () => styleFor(isRichTerminal(1));

async function listed(history: History): Promise<View> {
  const { runsText } = await import("../history/mod.ts");
  const runs = history.runs();
  return { json: runs, text: runs.length > 0 ? runsText(runs, style()) : NO_RUNS };
}

const NO_RUNS = "No runs yet: 'tickproof suites' adds one each time.\n";

async function trended(attempts: readonly AttemptRow[], test: string | undefined): Promise<View> {
  const { trendsOf, trendsText, trendText } = await import("../history/mod.ts");
  const trends = trendsOf(attempts);
  if (test === undefined) {
    return { json: trends, text: trends.length > 0 ? trendsText(trends, style()) : NO_RUNS };
  }
  const id = testNamed(
    test,
    trends.map((trend) => trend.test),
  );
  const trend = trends.find((known) => known.test === id);
  return { json: trend, text: trend ? trendText(trend, style()) : "" };
}

async function compared(history: History, pair: string, test: string | undefined): Promise<View> {
  const { compareAttempts, comparisonText } = await import("../history/mod.ts");
  const names = pair.split(",").map((name) => name.trim());
  const [a, b, ...more] = names;
  if (!a || !b || more.length > 0) {
    throw new UsageError(`--compare takes two runs or two hosts with a comma between them: it is '${pair}'`);
  }
  const [before, after] = [attemptsOf(history, a), attemptsOf(history, b)];
  const all = compareAttempts(before, after);
  const chosen =
    test === undefined
      ? all
      : all.filter(
          (one) =>
            one.test ===
            testNamed(
              test,
              all.map((c) => c.test),
            ),
        );
  return { json: chosen, text: comparisonText([a, b], chosen, style()) };
}

/** Attempts of a run, or of a host's runs. */
function attemptsOf(history: History, name: string): AttemptRow[] {
  const runs = history.runs();
  const [, back] = /^last(?:-(\d+))?$/.exec(name) ?? [];
  const run = /^\d+$/.test(name)
    ? runs.find(({ id }) => id === Number(name))
    : name.startsWith("last")
      ? runs[Number(back ?? 0)]
      : undefined;
  if (run) return history.attempts({ run: run.id });
  if (runs.some(({ host }) => host === name)) return history.attempts({ host: name });
  const hosts = new Set(runs.map(({ host }) => host));
  throw new UsageError(
    `the history has no run and no host '${name}'${didYouMean(name, hosts)}; see 'tickproof history --runs'`,
  );
}
