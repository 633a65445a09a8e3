/**
 * The history of a run of tests: each attempt goes into it, and baselines are set and compared. A history that can't be
 * used is a warning and no reason not to run; only what asks for it by name needs it.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { UsageError } from "../errors/mod.ts";
import {
  type AttemptRow,
  type Baseline,
  baselinesOf,
  baselineTicks,
  DEFAULT_BOUNDS,
  History,
  historyPlace,
  judgeByBaselines,
  RunWriter,
  type StorePlace,
} from "../history/mod.ts";
import { say } from "../output/mod.ts";
import type { Reporter, TestCase } from "../run/mod.ts";
import { DEFAULT_HISTORY_RUNS } from "../settings/mod.ts";
import type { Settings } from "../settings/schema.ts";
import { counted } from "../text/mod.ts";

/** What the command line says of it. */
export interface HistoryOptions {
  /** The run is not added. */
  "no-history": boolean;
  /** Fail what is worse than its baseline. */
  baseline: boolean;
  /** Set the baselines by this run. */
  "update-baseline": boolean;
}

/** The history as one run of tests uses it. */
export class RunHistory implements AsyncDisposable {
  readonly #options: HistoryOptions;
  readonly #settings: Settings;
  readonly #history: History | undefined;
  readonly #writer: RunWriter | undefined;
  readonly #baselines: readonly Baseline[];

  private constructor(
    options: HistoryOptions,
    settings: Settings,
    history: History | undefined,
    writer: RunWriter | undefined,
    baselines: readonly Baseline[],
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#history = history;
    this.#writer = writer;
    this.#baselines = baselines;
  }

  /** @throws {UsageError} If baselines are asked for and the history can't be used. */
  static async open(options: HistoryOptions, settings: Settings): Promise<RunHistory> {
    const needed = options.baseline || options["update-baseline"];
    if (needed && options["no-history"]) {
      const flag = options.baseline ? "--baseline" : "--update-baseline";
      throw new UsageError(`${flag} needs the history: drop --no-history`);
    }
    const place = historyPlace();
    // The programs under test inherit the environment, and their traces have it: the store's password is not for them.
    delete process.env.TICKPROOF_STORE;
    if (options["no-history"]) {
      return new RunHistory(options, settings, undefined, undefined, await baselinesAt(place));
    }
    const history = await openOrWarn(place, needed);
    const keep = settings.historyRuns ?? (place.kind === "sqlite" ? DEFAULT_HISTORY_RUNS : undefined);
    const writer = new RunWriter({ history, place, keep, warn });
    return new RunHistory(options, settings, history, writer, (await history?.baselines(hostname())) ?? []);
  }

  /** Adds the events of the run. */
  readonly report: Reporter = (event) => this.#writer?.report(event);

  /** Ticks of a test's baseline; not those of a run that is to set it anew. */
  ticksOf({ id: test, host: describedHost = "" }: TestCase, engine: string): number | undefined {
    if (this.#options["update-baseline"] && !this.#options.baseline) return undefined;
    return baselineTicks(this.#baselines, { test, engine, describedHost });
  }

  /**
   * Compares the finished run with the baselines, and sets them, as the options say. What has become worse never
   * becomes a baseline in the run that shows it.
   *
   * @returns Whether the run is as good as its baselines.
   */
  async finish(): Promise<boolean> {
    const { baseline: compare, "update-baseline": update } = this.#options;
    const [history, writer] = [this.#history, this.#writer];
    await writer?.settle();
    if (history === undefined || writer === undefined || (!compare && !update)) return true;
    const attempts = writer.attempts.map((attempt) => ({ ...attempt, run: writer.id }));
    const worse = compare ? this.#compare(attempts) : new Set<string>();
    if (update) {
      const better = baselinesOf(attempts, new Date()).filter(({ test }) => !worse.has(test));
      await history.setBaselines(hostname(), better);
      say(`tickproof: baseline set for ${counted(better.length, "test")} of ${hostname()}\n`);
    }
    return worse.size === 0;
  }

  #compare(attempts: readonly AttemptRow[]): Set<string> {
    const { ticks = DEFAULT_BOUNDS.ticks * 100, overhead = DEFAULT_BOUNDS.overhead * 100 } =
      this.#settings.baseline ?? {};
    const bounds = { ticks: ticks / 100, overhead: overhead / 100 };
    const { worse, without } = judgeByBaselines(attempts, this.#baselines, bounds);
    for (const { sentence } of worse) say(`tickproof: baseline: ${sentence}\n`);
    if (without.length > 0 && !this.#options["update-baseline"]) {
      say(
        `tickproof: baseline: none is set for ${counted(without.length, "test")}: --update-baseline sets it\n`,
      );
    }
    return new Set(worse.map(({ test }) => test));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer?.settle();
    await this.#history?.[Symbol.asyncDispose]();
  }
}

/** Also a run that is not added to the history is compared. */
async function baselinesAt(place: StorePlace): Promise<readonly Baseline[]> {
  if (place.kind === "sqlite" && !existsSync(place.path)) return [];
  await using history = await openOrWarn(place, false);
  return (await history?.baselines(hostname())) ?? [];
}

async function openOrWarn(place: StorePlace, needed: boolean): Promise<History | undefined> {
  try {
    return await History.open(place);
  } catch (error) {
    if (needed || !(error instanceof UsageError)) throw error;
    warn(`${error.message}; this run is not added`);
    return undefined;
  }
}

function warn(words: string): void {
  say(`tickproof: warning: ${words}\n`);
}
