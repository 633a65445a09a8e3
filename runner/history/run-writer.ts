/**
 * Puts a run into the history as it happens. Attempts are written one behind the other while the tests go on. A store that
 * fails, or was never there, is no reason not to run: what it did not take goes into a file, which `history import` adds.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors/mod.ts";
import type { Reporter } from "../run/mod.ts";
import { counted } from "../text/mod.ts";
import { attemptInfo, runInfo } from "./attempt-info.ts";
import { BEAT_MS } from "./changes.ts";
import { LINES_VERSION, type Line, lineText } from "./lines.ts";
import { besideHistory, type StorePlace } from "./place.ts";
import type { AttemptRow, RunInfo } from "./rows.ts";
import type { History } from "./store.ts";

/** How a run goes into the history. */
export interface RunWriterOptions {
  /** Open until the writer has settled; undefined where it can't be opened. */
  history: History | undefined;
  place: StorePlace;
  /** Runs that are kept at most, older ones are removed at the end; undefined keeps all. */
  keep: number | undefined;
  /** Takes a sentence for people. */
  warn: (words: string) => void;
  /** Of the run. @default this machine's */
  info?: RunInfo;
}

/** One run on its way into the history. */
export class RunWriter {
  readonly #options: RunWriterOptions;
  readonly #info: RunInfo;
  readonly #uid = crypto.randomUUID().replaceAll("-", "");
  /** Where what the store does not take goes. */
  readonly #file: string;
  /** Resolved when everything so far is written. */
  #written: Promise<void> = Promise.resolve();
  #run = 0;
  #seq = 0;
  #storeFailed: boolean;
  #inFile = 0;
  #lost = 0;
  #fault: unknown;
  #beats: Timer | undefined;
  /** The attempts so far. */
  readonly attempts: Omit<AttemptRow, "run">[] = [];

  constructor(options: RunWriterOptions) {
    this.#options = options;
    this.#info = options.info ?? runInfo();
    this.#storeFailed = options.history === undefined;
    this.#file = besideHistory(options.place, `not-stored-${this.#uid.slice(0, 12)}.jsonl`);
  }

  /** Its number in the history; 0 where it is not in it. */
  get id(): number {
    return this.#run;
  }

  /** Takes the events of the run. */
  readonly report: Reporter = (event) => {
    const [uid, info] = [this.#uid, this.#info];
    switch (event.kind) {
      case "run-started":
        this.begin(event.tests.length * event.repeat);
        break;
      case "attempt-finished": {
        const attempt = attemptInfo(event.test, event.attempt);
        const { startedAt, host, cpu, kernel } = info;
        this.attempts.push({ ...attempt, startedAt, host, cpu, kernel });
        const seq = ++this.#seq;
        this.#write({ attempt: { run: uid, seq, ...attempt } }, (history) =>
          history.addAttempt(this.#run, attempt, seq),
        );
        break;
      }
      case "run-finished":
        this.finish(event.summary.interrupted);
        break;
    }
  };

  /**
   * The run begins.
   *
   * @param planned Attempts that it wants to make; 0 where nobody knows.
   */
  begin(planned = 0): void {
    const [uid, info] = [this.#uid, this.#info];
    this.#write({ run: { uid, ...info, finished: false } }, async (history) => {
      this.#run = await history.addRun(info, uid);
      await history.beat(this.#run, planned);
    });
    this.#beats = setInterval(() => this.#beat(), BEAT_MS);
    this.#beats.unref();
  }

  /** The run has come to its end, or was interrupted. */
  finish(interrupted: boolean): void {
    const [uid, info] = [this.#uid, this.#info];
    this.#write({ run: { uid, ...info, finished: !interrupted } }, async (history) => {
      if (interrupted) await history.leaveRun(this.#run);
      else await history.finishRun(this.#run);
      if (this.#options.keep !== undefined) await history.prune(this.#options.keep);
    });
  }

  /** Waits until everything is written, and says what was not. */
  async settle(): Promise<void> {
    clearInterval(this.#beats);
    await this.#written;
    if (this.#fault !== undefined) throw this.#fault;
    const { warn } = this.#options;
    if (this.#inFile > 0) {
      warn(
        `${counted(this.#inFile, "attempt")} of this run ${this.#inFile === 1 ? "is" : "are"} not in the history but in ` +
          `${this.#file}: 'tickproof history import ${this.#file}' adds what is missing when the store can be used`,
      );
    }
    if (this.#lost > 0) warn(`${counted(this.#lost, "attempt")} of this run could not be kept anywhere`);
    [this.#inFile, this.#lost] = [0, 0];
  }

  /** Says that the run goes on: a test may take longer than those who watch wait for word of it. */
  #beat(): void {
    this.#do(async () => {
      await this.#store((history) => history.beat(this.#run));
    });
  }

  #write(line: Line, store: (history: History) => Promise<void>): void {
    this.#do(async () => {
      if (!(await this.#store(store))) this.#writeToFile(line);
    });
  }

  /** Does one thing behind the other. */
  #do(work: () => Promise<void>): void {
    this.#written = this.#written.then(async () => {
      if (this.#fault !== undefined) return;
      try {
        await work();
      } catch (error) {
        // Thrown where the run waits for its history: here nobody would catch it.
        this.#fault = error;
      }
    });
  }

  /** @returns Whether the store has taken it. */
  async #store(store: (history: History) => Promise<void>): Promise<boolean> {
    const { history, warn } = this.#options;
    if (this.#storeFailed || history === undefined) return false;
    try {
      await store(history);
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#storeFailed = true;
      warn(`${error.message}; the rest of this run is not added`);
      return false;
    }
  }

  /** The name of an attempt in its run keeps what the store has taken after all from being added twice. */
  #writeToFile(line: Line): void {
    const isAttempt = "attempt" in line;
    try {
      if (!this.#fileBegun) this.#beginFile();
      appendFileSync(this.#file, lineText(line));
      if (isAttempt) this.#inFile++;
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      if (this.#lost === 0 && isAttempt)
        this.#options.warn(`${this.#file} can't be written either (${error.message})`);
      if (isAttempt) this.#lost++;
    }
  }

  #fileBegun = false;

  #beginFile(): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    const run = { uid: this.#uid, ...this.#info, finished: false };
    appendFileSync(this.#file, lineText({ history: LINES_VERSION }) + lineText({ run }));
    this.#fileBegun = true;
  }
}
