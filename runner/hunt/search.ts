/** Many runs, some at a time, each under another schedule, until enough have failed or the budget ends. */
import type { Trial } from "./trial.ts";

/** How far a hunt goes. */
export interface HuntBudget {
  /** Runs at most. */
  runs: number;
  /** After so many milliseconds nothing more begins, and what runs is ended. */
  milliseconds: number;
  /** Failures after which nothing more begins. */
  failures: number;
  /** Runs at a time. */
  jobs: number;
}

/** What it came to. */
export interface Tally {
  passed: number;
  failed: number;
  /** Runs that nobody could judge. */
  undecided: number;
  milliseconds: number;
}

/** How it goes about it. */
export interface Search {
  budget: HuntBudget;
  /**
   * Makes a run.
   *
   * @param index Which: from 0 on, each once.
   * @param stop Aborted where its result is wanted no more.
   */
  run: (index: number, stop: AbortSignal) => Promise<Trial>;
  /** Told of each run that came to its end. @returns Whether to go on. */
  onEnd: (trial: Trial, tally: Tally) => boolean;
  /** Nothing more begins, and what runs is ended. */
  abort: AbortSignal;
}

/** Runs until the budget ends, enough have failed, or somebody says so. */
export async function search({ budget, run, onEnd, abort }: Search): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, undecided: 0, milliseconds: 0 };
  const started = performance.now();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), budget.milliseconds);
  const stop = AbortSignal.any([abort, over.signal]);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < budget.runs && !stop.aborted) {
      const trial = await run(next++, stop);
      tally.milliseconds = performance.now() - started;
      const { kind } = trial.judgement;
      if (kind === "aborted" || stop.aborted) {
        trial.discard();
        continue;
      }
      tally[kind === "broken" ? "undecided" : kind]++;
      if (!onEnd(trial, tally) || tally.failed >= budget.failures) over.abort();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(budget.jobs, budget.runs) }, lane));
  } finally {
    clearTimeout(timer);
  }
  tally.milliseconds = performance.now() - started;
  return tally;
}
