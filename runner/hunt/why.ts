/**
 * Why a schedule fails: the smallest difference to one that passes. A seed's schedule is followed for so many turns, and fair
 * ones come behind; between none and all of them there is a number of turns with which it fails, and passes with one less. Where fair
 * turns fail as well, those of another seed come behind that passes.
 */
import { meetingLines, meetingText, type NamedMeeting } from "../engines/meeting.ts";
import { counted } from "../text/mod.ts";
import { askTrace } from "./ask-trace.ts";
import { makeTrial, type Trial, type TrialOptions } from "./trial.ts";

/** What was found. */
export interface Why {
  /** With so many turns of the seed's schedule it fails; with one less it passes. */
  turns: number;
  /** The seed of the turns behind them; missing where they are fair. */
  behind?: number;
  /** Runs that it took. */
  runs: number;
  /** The trace of the failure with so many turns. */
  trace: string;
  /** Events of that trace at which the last of these turns begins and ends. */
  events: number[];
  /** What the turns there have in common. */
  meeting?: NamedMeeting;
  /** The same of the run that passes with one turn less: the other order. */
  passing?: NamedMeeting;
}

/** What there is to say where no such number was found. */
export interface WhyNot {
  reason: string;
  /** What the last turns of the failure have in common. */
  meeting?: NamedMeeting;
}

/** Runs that are made to find a seed that passes. */
const MOST_BASES = 6;
/** The number of turns that is tried first, and how many times as many are next, until it fails. */
const FIRST_TURNS = 16;
const TIMES = 4;
/** A run that takes so many times the turns of one that passes, and some, does not end any more. */
const ENDLESS_TIMES = 20;
const ENDLESS_TURNS = 2000;

/** A run with so many turns of the seed's schedule. */
interface Tried {
  turns: number;
  trial: Trial;
}

/** Nothing more can be found out. */
class NotFound extends Error {}

/** The search for one failure. Traces of runs that are not to be kept go with it. */
class Search implements Disposable {
  runs = 0;
  #behind: number | undefined;
  /** Turns of a whole run that passes. */
  #usual = 0;
  readonly #trials = new Set<Trial>();

  constructor(
    private readonly options: TrialOptions,
    private readonly seed: number,
    private readonly failed: Trial,
  ) {}

  /** The seed of the turns behind those that are looked at. */
  get behind(): number | undefined {
    return this.#behind;
  }

  async #run(turns: number, behind = this.#behind): Promise<Tried> {
    this.runs++;
    const mostTurns = this.#usual === 0 ? undefined : turns + ENDLESS_TURNS + ENDLESS_TIMES * this.#usual;
    const trial = await makeTrial(this.options, { seed: this.seed, turns, behind, mostTurns });
    this.#trials.add(trial);
    const { kind } = trial.judgement;
    if (kind === "failed" || kind === "passed") return { turns, trial };
    throw new NotFound(`a run with ${counted(turns, "turn")} can't be judged`);
  }

  #drop({ trial }: Tried): void {
    this.#trials.delete(trial);
    trial.discard();
  }

  /** A schedule that passes: fair turns, or those of another seed. @param passed Seeds that have passed already. */
  async #base(passed: readonly number[]): Promise<Tried> {
    const others = [...passed, ...Array.from({ length: MOST_BASES }, (_, i) => this.seed + 1 + i)];
    for (const behind of [undefined, ...others.slice(0, MOST_BASES)]) {
      const tried = await this.#run(0, behind);
      if (tried.trial.judgement.kind === "passed") {
        this.#behind = behind;
        const { made = 0, rest = 0 } = tried.trial.report?.turns ?? {};
        // A run that ends by itself may take its time.
        if (this.failed.exit === undefined) this.#usual = made + rest;
        return tried;
      }
      this.#drop(tried);
    }
    throw new NotFound(
      `it fails under fair turns, too, and under those of ${counted(MOST_BASES, "other seed")}`,
    );
  }

  /** The least number of turns that fails, and the run with one less. */
  async least(made: number, passed: readonly number[]): Promise<{ failing: Tried; passing: Tried }> {
    let passing = await this.#base(passed);
    let failing: Tried | undefined;
    for (let turns = FIRST_TURNS; failing === undefined; turns *= TIMES) {
      const tried = await this.#run(Math.min(turns, made));
      if (tried.trial.judgement.kind === "failed") failing = tried;
      else if (turns >= made)
        throw new NotFound("the seed does not fail again: what comes from outside matters too");
      else {
        this.#drop(passing);
        passing = tried;
      }
    }
    while (failing.turns - passing.turns > 1) {
      const tried = await this.#run(Math.floor((failing.turns + passing.turns) / 2));
      if (tried.trial.judgement.kind === "failed") {
        this.#drop(failing);
        failing = tried;
      } else {
        this.#drop(passing);
        passing = tried;
      }
    }
    return { failing, passing };
  }

  /** Keeps the trace of a run. */
  keep({ trial }: Tried): void {
    this.#trials.delete(trial);
    trial.keep();
  }

  [Symbol.dispose](): void {
    for (const trial of this.#trials) trial.discard();
  }
}

/**
 * Looks for it.
 *
 * @param failed A run under that seed that has failed; its trace stays.
 * @param passed Seeds under which runs have passed.
 */
export async function findWhy(
  options: TrialOptions,
  seed: number,
  failed: Trial,
  passed: readonly number[],
): Promise<Why | WhyNot> {
  const made = failed.report?.turns?.made;
  if (made === undefined) return { reason: "of the failure nothing is known of its turns" };
  using search = new Search(options, seed, failed);
  try {
    const { failing, passing } = await search.least(made, passed);
    search.keep(failing);
    const events = [passing, failing].flatMap(({ trial }) => trial.report?.turns?.restFrom ?? []);
    const meeting = await meetingOf(failing.trial.trace, events);
    const other = await meetingOf(passing.trial.trace, events);
    return {
      turns: failing.turns,
      ...(search.behind !== undefined && { behind: search.behind }),
      runs: search.runs,
      trace: failing.trial.trace,
      events,
      ...(meeting && { meeting }),
      ...(other && { passing: other }),
    };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const meeting = options.abort.aborted ? undefined : await meetingOf(failed.trace, []);
    return { reason: error.message, ...(meeting && { meeting }) };
  }
}

async function meetingOf(trace: string, events: readonly number[]): Promise<NamedMeeting | undefined> {
  return (await askTrace("turns", trace, events.map(String))) as NamedMeeting | undefined;
}

/** The lines about it. */
export function whyText(why: Why | WhyNot, seed: number): string {
  const about = (verb: string, found: NamedMeeting | undefined): string[] =>
    found === undefined
      ? []
      : [`tickproof: ${verb} ${meetingText(found)}`, ...meetingLines(found).map((line) => `  ${line}`)];
  if ("reason" in why) {
    const head = `tickproof: why seed ${seed} fails is not known: ${why.reason}`;
    return [head, ...about("in its last turns", why.meeting), ""].join("\n");
  }
  const { turns, behind, runs, meeting, passing } = why;
  const others = behind === undefined ? "" : `, those of seed ${behind} behind them`;
  const head = `tickproof: seed ${seed} fails with its first ${counted(turns, "turn")}${others}, and passes with ${turns - 1} (${counted(runs, "run")})`;
  return [head, ...about("it fails if", meeting), ...about("it passes if", passing), ""].join("\n");
}
