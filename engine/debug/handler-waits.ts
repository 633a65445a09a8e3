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

/** A handler's run with the turns of its task that are next to it. */
export interface HandlerWait {
  run: HandlerRun;
  turns: readonly Turn[];
}

/** Turns of the task on either side of a handler's run. */
const OWN_TURNS = 3;
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
      const own = turns.filter(({ task }) => task === run.task);
      const before = own.filter(({ first }) => first <= run.from).slice(-OWN_TURNS);
      const during = own.filter(({ first, last }) => last > run.from && first <= run.to).slice(0, OWN_TURNS);
      const after = own.filter(({ last }) => last > run.to).slice(0, OWN_TURNS);
      return { run, turns: [...new Set([...before, ...during, ...after])] };
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
