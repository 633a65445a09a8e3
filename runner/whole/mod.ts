/** Whole commands, recorded: what `tickproof run` does. */
import { join } from "node:path";
import { Ending } from "../commands/_ending.ts";
import { INTERNAL, OK, USAGE } from "../errors/mod.ts";
import { RUNS, tracesRoot } from "../files/mod.ts";
import { endLike } from "../outcome/mod.ts";
import { addTextToJobSummary, say } from "../output/mod.ts";
import { keepWithin } from "../run/keep-budget.ts";
import { type Attempt, isPass } from "./attempt.ts";
import { isUnrecordable, runRounds } from "./attempts.ts";
import { eventsOfPart } from "./partial.ts";
import { failedProcesses } from "./processes.ts";
import { crashSummary, failureSummary, lastLine, shorten } from "./summary.ts";
import { runUnrecorded } from "./unrecorded.ts";

const BYTES_PER_MB = 1_000_000;

/** What to record, how often, and what to keep. */
export interface WholeOptions {
  command: readonly string[];
  /** Room for each trace, and for all that are kept, in MB. */
  budget: number;
  /** Traces of attempts that pass are kept too. */
  keepsAll: boolean;
  repeat: number;
  untilFail: boolean;
  retry: number;
  jobs: number;
  /** What can't be recorded is not run by itself. */
  strict: boolean;
  /** Nothing is said of what passes. */
  quiet: boolean;
}

/**
 * Records a command as often as it is wanted, and says what came of it.
 *
 * @returns The exit code: the command's own.
 */
export async function runWhole(options: WholeOptions): Promise<number> {
  const { command, budget, keepsAll, strict, quiet, ...rounds } = options;
  const ending = new Ending();
  const isOnly = rounds.repeat === 1 && rounds.retry === 0;
  let passed = 0;
  let kept: string | undefined;
  const onEnd = (done: Attempt, number: number): void => {
    if (isPass(done)) {
      passed++;
      if (keepsAll) kept = keep(done);
      else done.discard();
    } else if (isUnrecordable(done) && !strict) {
      done.discard();
    } else if (done.crashed) {
      const events = eventsOfPart(done.trace);
      if (events > 0) keep(done);
      else done.discard();
      say(crashSummary(command, done, events));
    } else if (done.report === undefined) {
      done.discard();
    } else {
      keep(done);
      const text = failureSummary(command, done, failedProcesses(done.trace), isOnly ? undefined : number);
      say(text);
      addTextToJobSummary("tickproof: a recorded failure", text);
    }
    keepWithin(join(tracesRoot(), RUNS), budget * BYTES_PER_MB);
  };
  const outcome = await runRounds({ ...rounds, command, budget, abort: ending.abort, onEnd });
  if (outcome.unrecordable && !strict) return await runByItself(command, outcome.decisive?.problem ?? "");
  const line = lastLine({ ...outcome, passed, kept });
  if (line !== undefined) addTextToJobSummary("tickproof", `${command.join(" ")}\n${line}`);
  if (line !== undefined && !(quiet && outcome.failed === 0)) say(line);
  return await end(outcome.decisive, ending.code);
}

/** @param why It can't be recorded, which the recorder has said. */
async function runByItself(command: readonly string[], why: string): Promise<number> {
  const text = `tickproof: nothing was recorded, for the reason above; now it runs again by itself: ${shorten(command)}\n`;
  say(text);
  addTextToJobSummary("tickproof: not recorded", `${why}\n${text}`);
  return await endLike(await runUnrecorded(command));
}

/** @returns Folder of the trace. */
function keep(done: Attempt): string {
  done.keep();
  return done.trace;
}

/** Ends as the command has ended, whether by exit code or signal. */
async function end(decisive: Attempt | undefined, interrupted: number | undefined): Promise<number> {
  if (decisive === undefined) return interrupted ?? OK;
  if (decisive.crashed) return INTERNAL;
  if (decisive.problem !== "") return USAGE;
  if (decisive.exit === undefined) return interrupted ?? OK;
  return await endLike(decisive.exit);
}
