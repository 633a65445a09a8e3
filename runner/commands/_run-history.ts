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
  historyPath,
  historyReporter,
  judgeByBaselines,
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
export class RunHistory implements Disposable {
  readonly #options: HistoryOptions;
  readonly #settings: Settings;
  readonly #history: History | undefined;
  readonly #recorded: ReturnType<typeof historyReporter> | undefined;
  readonly #baselines: readonly Baseline[];
  #wroteWrongly = false;

  /** @throws {UsageError} If baselines are asked for and the history can't be used. */
  constructor(options: HistoryOptions, settings: Settings) {
    const needed = options.baseline || options["update-baseline"];
    if (needed && options["no-history"]) {
      const flag = options.baseline ? "--baseline" : "--update-baseline";
      throw new UsageError(`${flag} needs the history: drop --no-history`);
    }
    this.#options = options;
    this.#settings = settings;
    this.#history = options["no-history"] ? undefined : openOrWarn(needed);
    this.#baselines = this.#readBaselines();
    this.#recorded =
      this.#history && historyReporter(this.#history, settings.historyRuns ?? DEFAULT_HISTORY_RUNS);
  }

  /** Adds the events of the run. */
  readonly report: Reporter = (event) => {
    if (this.#wroteWrongly) return;
    try {
      this.#recorded?.report(event);
    } catch (error) {
      // A full disk, a file that somebody has taken away: what is lost is said, and the tests go on.
      if (!(error instanceof Error) || !error.name.startsWith("SQLite")) throw error;
      this.#wroteWrongly = true;
      warn(
        `the history ${historyPath()} can't be written (${error.message}): the rest of this run is not added`,
      );
    }
  };

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
  finish(): boolean {
    const { baseline: compare, "update-baseline": update } = this.#options;
    if (this.#history === undefined || this.#recorded === undefined || (!compare && !update)) return true;
    const attempts = this.#history.attempts({ run: this.#recorded.id });
    const worse = compare ? this.#compare(attempts) : new Set<string>();
    if (update) {
      const better = baselinesOf(attempts, new Date()).filter(({ test }) => !worse.has(test));
      this.#history.setBaselines(hostname(), better);
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

  /** Also a run that is not added to the history is compared. */
  #readBaselines(): readonly Baseline[] {
    if (this.#history !== undefined) return this.#history.baselines(hostname());
    if (!this.#options["no-history"] || !existsSync(historyPath())) return [];
    using history = openOrWarn(false);
    return history?.baselines(hostname()) ?? [];
  }

  [Symbol.dispose](): void {
    this.#history?.[Symbol.dispose]();
  }
}

function openOrWarn(needed: boolean): History | undefined {
  try {
    return History.open(historyPath());
  } catch (error) {
    if (needed || !(error instanceof UsageError)) throw error;
    warn(`${error.message}; this run is not added`);
    return undefined;
  }
}

function warn(words: string): void {
  say(`tickproof: warning: ${words}\n`);
}
