/** Copies histories from store to store as JSON lines. What is there already is known by its name and not added twice. */
import { createInterface } from "node:readline";
import { z } from "zod";
import { UsageError } from "../errors/mod.ts";
import { LINES_VERSION, type Line, lineText } from "./lines.ts";
import type { KeptAttempt } from "./rows.ts";
import type { History } from "./store.ts";

/** Attempts that are added in one go. */
const TOGETHER = 500;

/** What an export or an import had. */
export interface Copied {
  runs: number;
  attempts: number;
  baselines: number;
}

/**
 * Writes a whole history.
 *
 * @param write Takes one line after the other.
 */
export async function exportHistory(history: History, write: (text: string) => void): Promise<Copied> {
  const copied: Copied = { runs: 0, attempts: 0, baselines: 0 };
  const runs = (await history.runs()).toReversed();
  write(lineText({ history: LINES_VERSION }));
  for (const { id, uid, startedAt, host, cpu, kernel, version, bun, finished } of runs) {
    // The end of a run comes with its beginning: who reads this adds all of it or goes on later.
    write(lineText({ run: { uid, startedAt, host, cpu, kernel, version, bun, finished } }));
    copied.runs++;
    for (const {
      run: _,
      startedAt: __,
      host: ___,
      cpu: ____,
      kernel: _____,
      ...attempt
    } of await history.kept(id)) {
      write(lineText({ attempt: { run: uid, ...attempt } }));
      copied.attempts++;
    }
  }
  const uids = new Map(runs.map(({ id, uid }) => [id, uid]));
  for (const { run, ...baseline } of await history.baselines()) {
    write(lineText({ baseline: { ...baseline, run: uids.get(run) ?? "" } }));
    copied.baselines++;
  }
  return copied;
}

const text = z.string();
const time = text.regex(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  "must be a time such as 2026-11-24T12:00:00.000Z",
);
const uid = text.min(1).max(200);
const count = z.int().nonnegative().nullable();
const measure = z.number().nullable();

/** Lines come from anywhere. */
const lineSchema = z.union([
  z.strictObject({ history: z.literal(LINES_VERSION) }),
  z.strictObject({
    run: z.strictObject({
      ...{ uid, startedAt: time, host: text, cpu: text, kernel: text, version: text, bun: text },
      finished: z.boolean(),
    }),
  }),
  z.strictObject({
    attempt: z.strictObject({
      ...{ run: uid, seq: z.int().positive(), test: text.min(1), number: z.int().positive() },
      ...{ engine: text, describedHost: text, verdict: text.min(1), reason: text },
      ...{ ticks: count, events: count, signals: count, switches: count },
      ...{ nativeMs: measure, recordMs: measure, replayMs: measure },
      detail: z.record(text, z.unknown()).nullable(),
    }),
  }),
  z.strictObject({
    baseline: z.strictObject({
      ...{ host: text, test: text.min(1), engine: text, describedHost: text, run: text, setAt: text },
      ...{ ticks: measure, overhead: measure },
    }),
  }),
]);

/**
 * Adds what JSON lines have and the history does not.
 *
 * @param input The lines.
 * @param name Of the input, for errors.
 * @returns What was new.
 * @throws {UsageError} With the line that is wrong. What stands before it is added, which does no harm: it is known then.
 */
export async function importHistory(
  history: History,
  input: NodeJS.ReadableStream,
  name: string,
): Promise<Copied> {
  const importer = new Importer(history);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === "") continue;
    const wrong = (reason: string) =>
      new UsageError(`${name}:${number}: ${reason}: give a file of 'tickproof history export'`);
    const parsed = parsedLine(line, wrong);
    if (number === 1 && !("history" in parsed))
      throw wrong(`the first line must be {"history":${LINES_VERSION}}`);
    const problem = await importer.add(parsed);
    if (problem !== undefined) throw wrong(problem);
  }
  if (number === 0) throw new UsageError(`${name} is empty: give a file of 'tickproof history export'`);
  await importer.flush();
  return importer.copied;
}

function parsedLine(line: string, wrong: (reason: string) => UsageError): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw wrong("it is no JSON (a file that was cut ends so)");
  }
  const { success, data, error } = lineSchema.safeParse(value);
  if (!success) throw wrong(`it is no line of a history (${firstIssue(error)})`);
  // A detail is what readers of one attempt are shown; whatever it lacks is not shown.
  return data as Line;
}

/** The first thing that is wrong: of a line that has the key of one kind, it is about that kind. */
function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return "";
  const meant =
    issue.code === "invalid_union"
      ? issue.errors.find(([first]) => (first?.path.length ?? 0) > 1)?.[0]
      : issue;
  if (meant === undefined) return "it has none of history, run, attempt, baseline";
  return meant.path.length > 0 ? `${meant.path.join(".")}: ${meant.message}` : meant.message;
}

/** Adds lines, attempts of one run together. */
class Importer {
  readonly copied: Copied = { runs: 0, attempts: 0, baselines: 0 };
  readonly #history: History;
  /** Numbers here of the runs that lines have told of. */
  readonly #runs = new Map<string, number>();
  #known: Set<string> | undefined;
  #of = "";
  #waiting: KeptAttempt[] = [];

  constructor(history: History) {
    this.#history = history;
  }

  /** @returns What is wrong with it. */
  async add(line: Line): Promise<string | undefined> {
    if ("run" in line) return void (await this.#addRun(line.run));
    if ("baseline" in line) return void (await this.#addBaseline(line.baseline));
    if (!("attempt" in line)) return undefined;
    const { run, ...attempt } = line.attempt;
    if (!this.#runs.has(run)) return `no line before it tells of the run '${run}'`;
    if (run !== this.#of || this.#waiting.length >= TOGETHER) await this.flush();
    this.#of = run;
    this.#waiting.push(attempt);
    return undefined;
  }

  async flush(): Promise<void> {
    const id = this.#runs.get(this.#of);
    if (id !== undefined && this.#waiting.length > 0)
      this.copied.attempts += await this.#history.addAttempts(id, this.#waiting);
    this.#waiting = [];
  }

  async #addRun({ uid, finished, ...info }: Extract<Line, { run: unknown }>["run"]): Promise<void> {
    await this.flush();
    this.#known ??= new Set((await this.#history.runs()).map((run) => run.uid));
    if (!this.#known.has(uid)) this.copied.runs++;
    this.#known.add(uid);
    const id = await this.#history.addRun(info, uid);
    this.#runs.set(uid, id);
    if (finished) await this.#history.finishRun(id);
  }

  async #addBaseline({
    host,
    run,
    ...baseline
  }: Extract<Line, { baseline: unknown }>["baseline"]): Promise<void> {
    await this.flush();
    const before = (await this.#history.baselines(host)).find(
      ({ test, engine, describedHost }) =>
        test === baseline.test && engine === baseline.engine && describedHost === baseline.describedHost,
    );
    // The newer one holds, wherever it was set.
    if (before !== undefined && before.setAt >= baseline.setAt) return;
    await this.#history.setBaselines(host, [{ ...baseline, run: this.#runs.get(run) ?? 0 }]);
    this.copied.baselines++;
  }
}
