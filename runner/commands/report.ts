/** `tickproof report`: the history, and one trace, as a page to look at. */
import { existsSync } from "node:fs";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";
import { checkWritable, findTrace, writeWhole } from "../files/mod.ts";
import type { AttemptRow } from "../history/mod.ts";
import { say } from "../output/mod.ts";
import type { PageData, Timeline } from "../report-page/mod.ts";
import { replayCommand } from "../reporters/replay-command.ts";
import { counted, group, VERSION } from "../text/mod.ts";
import { isoTime, testNamed } from "./_history-choice.ts";

const DEFAULT_OUTPUT = "tickproof-report.html";

export const report = defineCommand({
  name: "report",
  summary: "Write the history, and the timeline of a trace, as one HTML page that works offline",
  details: [
    "Without TEST: all tests. A TEST is an id, or a part that only one id has. The timeline is of the newest failure",
    "whose trace was kept, if --trace names no other.",
  ].join("\n"),
  options: {
    output: {
      kind: "text",
      short: "o",
      value: "FILE",
      help: `where to write it (default ${DEFAULT_OUTPUT})`,
    },
    trace: { kind: "text", value: "DIR", help: "the trace to show the timeline of" },
    host: { kind: "text", value: "NAME", help: "only runs on this host" },
    since: { kind: "text", value: "DATE", help: "only runs that started then or later (2026-11-24)" },
  },
  positionals: { usage: "[TEST…]", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals }) {
    const { bundlePage, pageHtml, preparePage, readTimeline } = await import("../report-page/mod.ts");
    const output = options.output ?? DEFAULT_OUTPUT;
    checkWritable("--output", output);
    const attempts = await attemptsOf(options, positionals);
    const trace = options.trace === undefined ? newestFailure(attempts) : findTrace(options.trace);
    const data = preparePage(attempts, { generatedAt: new Date().toISOString(), version: VERSION });
    if (trace !== undefined) data.timeline = readTimeline(trace);
    addTimelines(data, (dir) => readTimeline(dir, { most: END_EVENTS, fromEnd: true }));
    const html = pageHtml(data, await bundlePage());
    writeWhole(output, html);
    const size = `${(Buffer.byteLength(html) / 1e6).toFixed(1)} MB`;
    say(
      `tickproof: ${output}: ${counted(attempts.length, "attempt")} at ${counted(data.tests.length, "test")}, ${size}\n`,
    );
    return OK;
  },
});

/** Failed attempts whose traces' ends are in the page, the newest ones, and events of each. */
const MOST_ENDS = 12;
const END_EVENTS = 2000;

/** Attempts that a page has at most: a browser opens one of more slowly. The newest run is whole in any case. */
const MOST_ATTEMPTS = 100_000;

/** Adds the ends of the traces of failed attempts that are still there, and the commands that replay them. */
function addTimelines(data: PageData, read: (trace: string) => Timeline): void {
  const { attempts, details, verdicts, runs, tests } = data;
  const failed = data.cells.flatMap(({ test, from, to }) =>
    Array.from({ length: to - from }, (_, i) => ({ test, index: from + i })).flatMap(({ index }) => {
      const detail = details[attempts.detail[index] ?? -1];
      const verdict = verdicts[attempts.verdict[index] ?? 0] ?? "";
      const there = detail?.trace !== undefined && existsSync(`${detail.trace}/meta.json`);
      const startedAt = runs[attempts.run[index] ?? 0]?.startedAt ?? "";
      return there && ["fail", "timeout"].includes(verdict)
        ? [{ id: tests[test] ?? "", detail, startedAt }]
        : [];
    }),
  );
  data.timelines = [];
  for (const { id, detail } of failed
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, MOST_ENDS)) {
    detail.command = replayCommand({ id }, detail);
    try {
      detail.timeline = data.timelines.push(read(detail.trace ?? "")) - 1;
    } catch (error) {
      // A trace that is damaged, or of another version, has no timeline; the page has all the rest.
      if (!(error instanceof Error) || error.name !== "TraceError") throw error;
    }
  }
}

/** What is asked for of the history. */
async function attemptsOf(
  { trace, host, since }: { trace: string | undefined; host: string | undefined; since: string | undefined },
  tests: readonly string[],
): Promise<AttemptRow[]> {
  const { History, historyPlace } = await import("../history/mod.ts");
  const place = historyPlace();
  if (place.kind === "sqlite" && !existsSync(place.path)) {
    if (trace !== undefined) return [];
    throw new UsageError(
      `there is no history yet in ${place.path}: run 'tickproof suites' first, or name a trace (--trace DIR)`,
    );
  }
  await using history = await History.open(place);
  const filter = {
    ...(host !== undefined && { host }),
    ...(since !== undefined && { since: isoTime(since) }),
  };
  const all = await history.attempts({ ...filter, most: MOST_ATTEMPTS });
  const there = (await history.totals(filter)).reduce(
    (sum, { attempts: told, silent }) => sum + told + silent,
    0,
  );
  if (there > all.length) {
    say(
      `tickproof: the page has the newest ${group(all.length)} of ${group(there)} attempts, all of each run: --since and --host choose others\n`,
    );
  }
  if (all.length === 0 && trace === undefined) {
    throw new UsageError("the history has no attempt that is asked for: see 'tickproof history --runs'");
  }
  if (tests.length === 0) return all;
  const known = [...new Set(all.map(({ test }) => test))];
  const wanted = new Set(tests.map((name) => testNamed(name, known)));
  return all.filter(({ test }) => wanted.has(test));
}

/** The trace of the newest attempt that failed and whose trace is still there. */
function newestFailure(attempts: readonly AttemptRow[]): string | undefined {
  const traces = attempts
    .filter(({ verdict }) => verdict === "fail" || verdict === "timeout")
    .map(({ detail }) => detail?.trace);
  return traces.findLast((trace) => trace !== undefined && existsSync(`${trace}/meta.json`));
}
