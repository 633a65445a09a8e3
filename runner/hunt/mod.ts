/** Hunting a failure that shows only now and then: what `tickproof hunt` does. */
import { join } from "node:path";
import { Ending } from "../commands/_ending.ts";
import { type NamedWaits, waitsHead, waitsLines } from "../engines/waits.ts";
import { BROKEN, FAILED, INTERNAL, OK, USAGE } from "../errors/mod.ts";
import { RUNS, tracesRoot } from "../files/mod.ts";
import { addTextToJobSummary, print, say } from "../output/mod.ts";
import { keepWithin } from "../run/keep-budget.ts";
import { askTrace } from "./ask-trace.ts";
import type { Predicate } from "./predicate.ts";
import {
  type Again,
  againText,
  describeFailure,
  failureText,
  type HuntReport,
  huntReport,
  tallyText,
} from "./report.ts";
import { type HuntBudget, search } from "./search.ts";
import { makeTrial, type Trial } from "./trial.ts";
import { findWhy, whyText } from "./why.ts";

export { type Predicate, parsePredicate } from "./predicate.ts";

const BYTES_PER_MB = 1_000_000;
/** From one word of how far it has come to the next, in milliseconds. */
const PROGRESS_EVERY = 10_000;

/** What to hunt, and how. */
export interface HuntOptions {
  command: readonly string[];
  predicate: Predicate;
  timeoutSeconds: number;
  budget: HuntBudget;
  /** Room for a trace, and for all that are kept, in MB. */
  megabytes: number;
  /** Seed of the first run; the next ones count on. Undefined: tasks take turns fairly. */
  firstSeed: number | undefined;
  /** Largest seed, behind which 0 comes. */
  maxSeed: number;
  /** Runs with the seed of the first failure, to see whether it fails again. */
  again: number;
  /** Whether to look for why the first failure comes under its seed. */
  why: boolean;
  quiet: boolean;
  json: boolean;
}

/**
 * Hunts.
 *
 * @returns The exit code: 1 if a run has failed.
 */
export async function hunt(options: HuntOptions): Promise<number> {
  const ending = new Ending();
  const hunting = new Hunt(options);
  const tally = await search({
    budget: options.budget,
    run: (index, stop) =>
      makeTrial({ ...options, budget: options.megabytes, abort: stop }, { seed: hunting.seed(index) }),
    onEnd: (trial, so) => hunting.take(trial, so),
    abort: ending.abort,
  });
  if (hunting.hopeless !== undefined) {
    say(`tickproof: ${hunting.hopeless.why}\n`);
    return hunting.hopeless.isOurFault ? INTERNAL : USAGE;
  }
  await hunting.findWaits(ending.abort);
  await hunting.tryAgain(ending.abort);
  await hunting.findWhy(ending.abort);
  const line = tallyText(tally);
  if (!options.quiet) say(`tickproof: ${line}\n`);
  addTextToJobSummary("tickproof hunt", `${options.command.join(" ")}\n${line}`);
  if (options.json)
    print(`${JSON.stringify(huntReport(options.command, tally, hunting.failures), null, 2)}\n`);
  if (tally.failed > 0) return FAILED;
  if (ending.code !== undefined) return ending.code;
  return tally.passed === 0 && tally.undecided > 0 ? BROKEN : OK;
}

/** What is known of a hunt that goes on. */
class Hunt {
  readonly failures: HuntReport["failures"] = [];
  /** Why it ended before any run could be judged. */
  hopeless: { why: string; isOurFault: boolean } | undefined;
  readonly #options: HuntOptions;
  #told = performance.now();
  #isUndecidedTold = false;
  /** Seeds under which it has passed. */
  readonly #passed: number[] = [];
  /** The run that has failed first. */
  #first: Trial | undefined;

  constructor(options: HuntOptions) {
    this.#options = options;
  }

  /** The seed of a run. */
  seed(index: number): number | undefined {
    const { firstSeed, maxSeed } = this.#options;
    return firstSeed === undefined ? undefined : (firstSeed + index) % (maxSeed + 1);
  }

  /** Takes the result of a run, and decides what becomes of its trace. @returns Whether to go on. */
  take(trial: Trial, tally: Parameters<typeof tallyText>[0]): boolean {
    const { judgement } = trial;
    if (judgement.kind !== "failed") trial.discard();
    if (judgement.kind === "passed" && trial.seed !== undefined) this.#passed.push(trial.seed);
    switch (judgement.kind) {
      case "failed":
        this.#found(trial, judgement.why, tally.passed + tally.failed + tally.undecided);
        return true;
      case "broken":
        // What can't be recorded the first time can't be the next time either.
        if (tally.passed + tally.failed > 0) break;
        this.hopeless = judgement;
        return false;
      case "undecided":
        break;
      default:
        this.#tellProgress(tally);
        return true;
    }
    if (!this.#isUndecidedTold && !this.#options.quiet) {
      const which = trial.seed === undefined ? "a run" : `the run under seed ${trial.seed}`;
      say(`tickproof: ${which} can't be judged: ${judgement.why}\n`);
    }
    this.#isUndecidedTold = true;
    return true;
  }

  #found(trial: Trial, why: string, run: number): void {
    const { command, json, megabytes } = this.#options;
    trial.keep();
    this.#first ??= trial;
    const found = describeFailure(trial, why, command);
    this.failures.push(found);
    keepWithin(join(tracesRoot(), RUNS), megabytes * BYTES_PER_MB);
    const text = failureText(found, command, run);
    if (!json) say(text);
    addTextToJobSummary("tickproof hunt: a recorded failure", text);
  }

  #tellProgress(tally: Parameters<typeof tallyText>[0]): void {
    const now = performance.now();
    if (this.#options.quiet || now - this.#told < PROGRESS_EVERY) return;
    this.#told = now;
    say(`tickproof: so far ${tallyText(tally)}\n`);
  }

  /** Runs with the seed of the first failure again: does the seed alone lead to it? */
  async tryAgain(abort: AbortSignal): Promise<void> {
    const [first] = this.failures;
    const { again: runs, budget, megabytes, json, quiet } = this.#options;
    if (first?.seed === undefined || runs === 0 || abort.aborted) return;
    const { seed } = first;
    const again: Again = { runs: 0, failed: 0 };
    await search({
      budget: { runs, milliseconds: budget.milliseconds, failures: runs, jobs: budget.jobs },
      run: (_, stop) => makeTrial({ ...this.#options, budget: megabytes, abort: stop }, { seed }),
      onEnd: ({ judgement, discard }) => {
        discard();
        again.runs++;
        if (judgement.kind === "failed") again.failed++;
        return true;
      },
      abort,
    });
    first.failsAgain = again;
    if (!json && !quiet) say(againText(seed, again));
  }

  /** Of a failure that hangs: who waits for whom. */
  async findWaits(abort: AbortSignal): Promise<void> {
    const [first] = this.failures;
    const trial = this.#first;
    const { why: isWanted, json } = this.#options;
    if (!isWanted || first === undefined || trial === undefined || trial.exit !== undefined || abort.aborted)
      return;
    const found = (await askTrace("waits", trial.trace, [])) as NamedWaits | undefined;
    if (found === undefined) return;
    first.waits = found;
    if (json) return;
    say(
      `tickproof: ${waitsHead(found)}\n${waitsLines(found)
        .map((line) => `  ${line}\n`)
        .join("")}`,
    );
  }

  /** Looks for the smallest difference between the first failure and a run that passes. */
  async findWhy(abort: AbortSignal): Promise<void> {
    const [first] = this.failures;
    const trial = this.#first;
    const { why: isWanted, megabytes, json } = this.#options;
    if (!isWanted || trial === undefined || first?.seed === undefined || abort.aborted) return;
    const why = await findWhy(
      { ...this.#options, budget: megabytes, abort },
      first.seed,
      trial,
      this.#passed,
    );
    if (abort.aborted) return;
    first.whyThen = why;
    if (!json) say(whyText(why, first.seed));
  }
}
