/** `tickproof history`: what earlier runs say of the tests. */
import { didYouMean } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";
import type { AttemptFilter, AttemptRow, History } from "../history/mod.ts";
import { isRichTerminal, print } from "../output/mod.ts";
import { styleFor } from "../reporters/style.ts";
import { isoTime, testNamed } from "./_history-choice.ts";

/** What is no question, but looks after the store. */
const UPKEEP = ["export", "import", "prune"] as const;

export const history = defineCommand({
  name: "history",
  summary: "Show what earlier runs say of the tests: flake rates, trends, first failures",
  details: [
    "Without TEST: all tests, a line each. With TEST (its id, or a part that only it has): its runs.",
    "The history is kept in .tickproof/history.sqlite, or in the file that TICKPROOF_HISTORY names, or in the PostgreSQL",
    "that TICKPROOF_STORE or 'store' in tickproof.yaml names. 'export' writes all of it as JSON lines, 'import' adds those that",
    "are not there yet, 'prune' removes the oldest runs.",
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
    keep: {
      kind: "text",
      value: "N|DAYS",
      help: "what 'prune' keeps: so many runs (1000), or those of the last days (90d)",
    },
    json: { kind: "flag", help: "print JSON instead of text" },
  },
  positionals: {
    usage: "[TEST | export [FILE] | import FILE… | prune]",
    min: 0,
    max: Number.POSITIVE_INFINITY,
  },
  async run({ options, positionals: [test, ...more] }) {
    const upkeep = UPKEEP.find((name) => name === test);
    if (upkeep !== undefined) {
      const { upkeepOf } = await import("./_history-upkeep.ts");
      return await upkeepOf(upkeep, more, options.keep);
    }
    if (options.keep !== undefined) throw new UsageError("--keep is of 'tickproof history prune'");
    if (more.length > 0) throw new UsageError(`history takes one TEST: '${more[0]}' is one too many`);
    const { History, historyPlace } = await import("../history/mod.ts");
    await using history = await History.open(historyPlace());
    const filter = {
      ...(options.host !== undefined && { host: options.host }),
      ...(options.since !== undefined && { since: isoTime(options.since) }),
    };
    const view =
      options.compare !== undefined
        ? await compared(history, options.compare, test)
        : options.runs
          ? await listed(history)
          : await (test === undefined
              ? allTrends(history, filter, options.json)
              : oneTrend(history, filter, test));
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
  const runs = await history.runs();
  return { json: runs, text: runs.length > 0 ? runsText(runs, style()) : NO_RUNS };
}

const NO_RUNS = "No runs yet: 'tickproof suites' adds one each time.\n";

/** Attempts that are read at most, of the newest runs: what is told of all of them is counted already. */
const MOST_ATTEMPTS = 50_000;

async function allTrends(history: History, filter: AttemptFilter, withPoints: boolean): Promise<View> {
  const { trendFrom, trendsText } = await import("../history/mod.ts");
  const byTest = async (attempts: Promise<AttemptRow[]>) => Map.groupBy(await attempts, ({ test }) => test);
  const totals = await history.totals(filter);
  const failures = await byTest(history.edges("first failure", filter));
  const last = await byTest(history.edges("last", filter));
  const newest = withPoints
    ? await byTest(history.attempts({ ...filter, most: MOST_ATTEMPTS, figures: true }))
    : last;
  const trends = totals.map((total) =>
    trendFrom(total, failures.get(total.test) ?? [], newest.get(total.test) ?? last.get(total.test) ?? []),
  );
  return { json: trends, text: trends.length > 0 ? trendsText(trends, style()) : NO_RUNS };
}

async function oneTrend(history: History, filter: AttemptFilter, name: string): Promise<View> {
  const { trendFrom, trendText } = await import("../history/mod.ts");
  const tests = (await history.totals(filter)).map(({ test }) => test);
  const chosen = { ...filter, test: testNamed(name, tests) };
  const [total] = await history.totals(chosen);
  if (total === undefined) throw new Error(`the history has no counts of ${chosen.test}`);
  const failures = await history.edges("first failure", chosen);
  const isMany = total.attempts + total.silent > MOST_ATTEMPTS;
  const newest = await history.attempts({ ...chosen, ...(isMany && { most: MOST_ATTEMPTS, figures: true }) });
  const trend = trendFrom(total, failures, newest);
  return { json: trend, text: trendText(trend, style()) };
}

async function compared(history: History, pair: string, test: string | undefined): Promise<View> {
  const { compareAttempts, comparisonText } = await import("../history/mod.ts");
  const names = pair.split(",").map((name) => name.trim());
  const [a, b, ...more] = names;
  if (!a || !b || more.length > 0) {
    throw new UsageError(`--compare takes two runs or two hosts with a comma between them: it is '${pair}'`);
  }
  const [before, after] = [await attemptsOf(history, a), await attemptsOf(history, b)];
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
async function attemptsOf(history: History, name: string): Promise<AttemptRow[]> {
  const runs = await history.runs();
  const [, back] = /^last(?:-(\d+))?$/.exec(name) ?? [];
  const run = /^\d+$/.test(name)
    ? runs.find(({ id }) => id === Number(name))
    : name.startsWith("last")
      ? runs[Number(back ?? 0)]
      : undefined;
  if (run) return await history.attempts({ run: run.id });
  if (runs.some(({ host }) => host === name)) {
    return await history.attempts({ host: name, most: MOST_ATTEMPTS, figures: true });
  }
  const hosts = new Set(runs.map(({ host }) => host));
  throw new UsageError(
    `the history has no run and no host '${name}'${didYouMean(name, hosts)}; see 'tickproof history --runs'`,
  );
}
