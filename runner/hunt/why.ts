/**
 * Why a schedule fails: the smallest difference to one that passes. A seed's schedule is followed for so many turns, and fair
 * ones come behind; between none and all of them there is a number of turns with which it fails, and passes with one less.
 */
import { meetingLines, meetingText, type NamedMeeting } from "../engines/meeting.ts";
import { TICKPROOF } from "../start/mod.ts";
import { counted } from "../text/mod.ts";
import { makeTrial, type Trial, type TrialOptions } from "./trial.ts";

/** What was found. */
export interface Why {
  /** With so many turns of the seed's schedule it fails; with one less it passes. */
  turns: number;
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

/** What there is to say where nothing was found. */
export type WhyNot = { reason: string };

/** The least number of turns that fails. Runs that can't be judged end the search. */
interface Passing {
  turns: number;
  trial: Trial;
}

/**
 * Looks for it.
 *
 * @param failed A run under that seed that has failed; its trace stays.
 */
export async function findWhy(options: TrialOptions, seed: number, failed: Trial): Promise<Why | WhyNot> {
  const made = failed.report?.turns?.made;
  if (made === undefined) return { reason: "of the failure nothing is known of its turns" };
  let runs = 0;
  const run = async (turns: number): Promise<Trial> => {
    runs++;
    return await makeTrial(options, seed, turns);
  };
  const fair = await run(0);
  if (fair.judgement.kind === "failed") return giveUp([fair], "it fails under fair turns, too");
  if (fair.judgement.kind !== "passed") return giveUp([fair], "a run under fair turns can't be judged");
  let passing: Passing = { turns: 0, trial: fair };
  let failing: { turns: number; trial: Trial | undefined } = { turns: made, trial: undefined };
  while (failing.turns - passing.turns > 1) {
    const turns = Math.floor((failing.turns + passing.turns) / 2);
    const trial = await run(turns);
    const { kind } = trial.judgement;
    if (kind === "failed") {
      failing.trial?.discard();
      failing = { turns, trial };
      continue;
    }
    if (kind !== "passed")
      return giveUp(
        [trial, passing.trial, failing.trial],
        `a run with ${counted(turns, "turn")} can't be judged`,
      );
    passing.trial.discard();
    passing = { turns, trial };
  }
  const trial = failing.trial ?? (await run(failing.turns));
  if (trial.judgement.kind !== "failed")
    return giveUp(
      [trial, passing.trial],
      "the seed does not fail again: what comes from outside matters too",
    );
  trial.keep();
  const events = [passing.trial, trial].flatMap(({ report }) => report?.turns?.fairFrom ?? []);
  const meeting = await meetingOf(trial.trace, events);
  const other = await meetingOf(passing.trial.trace, events);
  passing.trial.discard();
  return {
    turns: failing.turns,
    runs,
    trace: trial.trace,
    events,
    ...(meeting && { meeting }),
    ...(other && { passing: other }),
  };
}

function giveUp(trials: readonly (Trial | undefined)[], reason: string): WhyNot {
  for (const trial of trials) trial?.discard();
  return { reason };
}

/** Asks another process, since it takes its time and is no business of the hunt's. */
async function meetingOf(trace: string, events: readonly number[]): Promise<NamedMeeting | undefined> {
  if (events.length === 0) return undefined;
  const child = Bun.spawn([...TICKPROOF, "turns", "--json", trace, ...events.map(String)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const text = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? (JSON.parse(text) as NamedMeeting) : undefined;
}

/** The lines about it. */
export function whyText(why: Why | WhyNot, seed: number): string {
  if ("reason" in why) return `tickproof: why seed ${seed} fails is not known: ${why.reason}\n`;
  const { turns, runs, meeting, passing } = why;
  const head = `tickproof: seed ${seed} fails with its first ${counted(turns, "turn")}, and passes with ${turns - 1} (${counted(runs, "run")})`;
  const about = (verb: string, found: NamedMeeting | undefined): string[] =>
    found === undefined
      ? []
      : [`tickproof: it ${verb} if ${meetingText(found)}`, ...meetingLines(found).map((line) => `  ${line}`)];
  return [head, ...about("fails", meeting), ...about("passes", passing), ""].join("\n");
}
