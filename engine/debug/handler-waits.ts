/**
 * Handlers of signals as others that run meanwhile: what they break into waits for them as a thread that has lost its turn waits
 * for other threads, though it is the same task.
 */
import type { Access, Turn } from "./accesses.ts";
import type { HandlerRun } from "./event-index.ts";

/** What one side has done before the other one came, what that did, and what the first one did then. */
export interface Accesses {
  before: readonly Access[];
  between: readonly Access[];
  after: readonly Access[];
}

/** A handler's run, and what its task does in it and next to it, as far as that is near. */
export interface HandlerWait {
  run: HandlerRun;
  turns: readonly Turn[];
}

/** Events on either side of a handler's run that are looked at, and of the run itself. */
const NEAR_EVENTS = 12;
/** Handlers that are looked at. */
const MOST_RUNS = 24;

/** The handlers that run from the first to the last of some turns. */
export function handlersAround(
  runs: readonly HandlerRun[],
  turns: readonly Turn[],
  near: readonly Turn[],
): HandlerWait[] {
  const from = Math.min(...near.map(({ first }) => first));
  const to = Math.max(...near.map(({ last }) => last));
  return runs
    .filter((run) => run.from <= to && run.to >= from)
    .slice(0, MOST_RUNS)
    .map((run) => {
      const [low, high] = [run.from - NEAR_EVENTS, Math.min(run.to, run.from + NEAR_EVENTS) + NEAR_EVENTS];
      const own = turns.filter(({ task, first, last }) => task === run.task && first <= high && last >= low);
      const cut = own.map((turn) => ({
        task: run.task,
        first: Math.max(turn.first, low),
        last: Math.min(turn.last, high),
      }));
      return { run, turns: cut };
    });
}

/** Parts what a task does in these turns by what its handler does. */
export function partByHandler(
  { run, turns }: HandlerWait,
  accesses: (turn: Turn) => readonly Access[],
): Accesses {
  const all = turns.flatMap(accesses);
  const isWithin = (low: number, high: number) =>
    all.filter(({ position: { event } }) => event > low && event <= high);
  return {
    before: isWithin(Number.NEGATIVE_INFINITY, run.from),
    between: isWithin(run.from, run.to),
    after: isWithin(run.to, Number.POSITIVE_INFINITY),
  };
}
