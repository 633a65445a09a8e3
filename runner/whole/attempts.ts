/** Several attempts at a whole command, one after the other or some at a time, until enough is known. */
import { type Attempt, type AttemptOptions, attempt, isPass } from "./attempt.ts";

/** How often, and how many at a time. */
export interface Rounds extends Omit<AttemptOptions, "beside" | "stop"> {
  /** Rounds at most. */
  repeat: number;
  /** Nothing more begins after a failure. */
  untilFail: boolean;
  /** Attempts after a failed one, in each round. */
  retry: number;
  jobs: number;
  /** Nothing more begins. What runs gets the signal itself that ended the run, and comes to its end. */
  abort: AbortSignal;
  /** Told of each attempt's end; decides what becomes of its trace. */
  onEnd: (attempt: Attempt, number: number) => void;
}

/** What all of them came to. */
export interface Outcome {
  attempts: number;
  /** Rounds that did not pass, not even when tried again. */
  failed: number;
  /** Rounds that passed only when tried again. */
  flaky: number;
  /** It can't be recorded here at all, so that nothing more begins. */
  unrecordable: boolean;
  /** The attempt whose end is that of the run: the first failed round's last one, else the last one. */
  decisive: Attempt | undefined;
}

/** Whether a command can't be recorded: the engine has a limit, or the host lacks something. */
export function isUnrecordable({ fault }: Attempt): boolean {
  return fault === "unsupported" || fault === "host";
}

/** Runs the rounds. */
export async function runRounds(rounds: Rounds): Promise<Outcome> {
  const { repeat, untilFail, retry, jobs, abort, onEnd, ...options } = rounds;
  const outcome: Outcome = { attempts: 0, failed: 0, flaky: 0, unrecordable: false, decisive: undefined };
  const stop = new AbortController();
  let next = 0;
  const isOver = () =>
    abort.aborted || outcome.unrecordable || next >= repeat || (untilFail && outcome.failed > 0);

  const round = async (): Promise<void> => {
    for (let again = 0; ; again++) {
      const done = await attempt({ ...options, beside: jobs > 1, stop: stop.signal });
      // Ended by us, because another one has failed: that says nothing.
      if (stop.signal.aborted) return done.discard();
      outcome.attempts++;
      onEnd(done, outcome.attempts);
      if (outcome.failed === 0) outcome.decisive = done;
      if (isPass(done)) {
        if (again > 0) outcome.flaky++;
        return;
      }
      // What can't be recorded, or was interrupted, is not recorded the next time either.
      if (again < retry && done.problem === "" && !abort.aborted) continue;
      outcome.failed++;
      outcome.unrecordable ||= isUnrecordable(done);
      if (untilFail) stop.abort();
      return;
    }
  };
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      next++;
      await round();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, repeat) }, lane));
  return outcome;
}
