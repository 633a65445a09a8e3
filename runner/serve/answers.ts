/** What is answered to each question of the page, from the history alone; no part of a question is ever a path. */
import type { LiveHistory } from "../history/mod.ts";
import { type PageData, preparePage } from "../report-page/mod.ts";
import { quote, VERSION } from "../text/mod.ts";
import { liveAttempt, liveRun, makeMatrix } from "./board.ts";
import { byKernel } from "./kernels.ts";
import { type KernelRate, MOST_WORDS, RUN_ROWS, type RunPart } from "./page-types.ts";
import { type TimelineAnswer, type TimelineReader, TracesHere } from "./traces.ts";

/** Attempts at a test that its page has: the newest. */
const MOST_ATTEMPTS = 1000;
/** Letters of a name. */
const MOST_NAME = 1000;
/** Attempts that are behind the ones that are asked for at most. */
const MOST_PLACE = 1e9;
/** How many runs in progress are looked through for one. */
const MOST_OPEN = 1000;

/** A question that can't be answered, with the words that the page gets. */
export class Unanswerable extends Error {
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

/** A test's page. */
export interface TestPage {
  page: PageData;
  kernels: KernelRate[];
  /** There are older attempts. */
  more: boolean;
}

/** What questions are answered from. */
export interface Sources {
  live: LiveHistory;
  timelines: TimelineReader;
}

/** A part of the matrix: `?q=WORDS&from=N`. */
export async function matrixAnswer({ live }: Sources, query: URLSearchParams) {
  return await makeMatrix(live, wordsOf(query), numberOf(query, "from"), new Date());
}

/** A test, with its newest attempts: `?test=NAME`. */
export async function testAnswer({ live }: Sources, query: URLSearchParams): Promise<TestPage> {
  const test = nameOf(query, "test");
  const attempts = await live.newestAttempts(test, MOST_ATTEMPTS);
  if (attempts.length === 0) throw new Unanswerable(404, `the history has no test '${test}'`);
  const page = preparePage(attempts, { generatedAt: new Date().toISOString(), version: VERSION });
  const traces = new TracesHere();
  const hosts = new Map(page.runs.map(({ host }, index) => [index, host]));
  page.attempts.detail.forEach((index, at) => {
    const detail = page.details[index];
    const trace = traces.nameOf(hosts.get(page.attempts.run[at] ?? -1) ?? "", detail?.trace);
    if (detail === undefined || trace === undefined) return;
    detail.command = `tickproof replay ${quote(trace)}`;
    detail.traceName = detail.trace = trace;
  });
  const counts = await live.cells([test], "9999");
  return {
    page,
    kernels: byKernel(counts.filter(({ describedHost }) => describedHost === "")),
    more: attempts.length === MOST_ATTEMPTS,
  };
}

/** A run, with some of its attempts: `?run=N&after=N&bad=1&q=WORD`. */
export async function runAnswer({ live }: Sources, query: URLSearchParams): Promise<RunPart> {
  const id = numberOf(query, "run");
  const part = {
    run: id,
    bad: query.get("bad") === "1",
    word: wordsOf(query),
    after: numberOf(query, "after"),
    limit: RUN_ROWS + 1,
  };
  const run = await live.run(id);
  if (run === undefined) throw new Unanswerable(404, `the history has no run ${id}`);
  const attempts = await live.attemptsOfRun(part);
  const traces = new TracesHere();
  const { open } = await live.runs(1, MOST_OPEN);
  return {
    run: liveRun(
      run,
      open.some((one) => one.id === id),
    ),
    attempts: attempts.slice(0, RUN_ROWS).map((row) => ({
      ...liveAttempt(row),
      number: row.number,
      ticks: row.ticks,
      trace: traces.nameOf(row.host, row.detail?.trace),
    })),
    more: attempts.length > RUN_ROWS,
  };
}

/** The end of a trace, by its name: `?trace=NAME`. */
export async function timelineAnswer(
  { timelines }: Sources,
  query: URLSearchParams,
): Promise<TimelineAnswer> {
  const name = nameOf(query, "trace");
  const path = new TracesHere().pathOf(name);
  if (path === undefined) throw new Unanswerable(404, "this machine has no trace of this name");
  const answer = await timelines.read(path);
  // Where it lies is nobody's business who may only look.
  if ("timeline" in answer) answer.timeline.trace = name;
  return answer;
}

function wordsOf(query: URLSearchParams): string {
  const words = query.get("q") ?? "";
  if (words.length > MOST_WORDS) throw new Unanswerable(400, `a search has ${MOST_WORDS} letters at most`);
  return words;
}

function nameOf(query: URLSearchParams, key: string): string {
  const name = query.get(key) ?? "";
  if (name === "" || name.length > MOST_NAME)
    throw new Unanswerable(400, `'${key}' must be a name of at most ${MOST_NAME} letters`);
  return name;
}

function numberOf(query: URLSearchParams, key: string): number {
  const text = query.get(key) ?? "0";
  if (!/^\d{1,10}$/.test(text) || Number(text) > MOST_PLACE)
    throw new Unanswerable(400, `'${key}' must be a number up to ${MOST_PLACE}`);
  return Number(text);
}
