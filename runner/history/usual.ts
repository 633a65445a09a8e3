/** How long tests take as a rule, as the history of this host has it: what a run's end is estimated from. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { UsageError } from "../errors/mod.ts";
import { historyPath } from "./place.ts";
import { History } from "./store.ts";

/** Attempts of a test that are looked at: the last ones. */
const LAST = 20;

/** The median time of an attempt that passed, in milliseconds, by the test's id. */
export function usualTimes(): Map<string, number> {
  if (!existsSync(historyPath())) return new Map();
  using history = openOrNothing();
  if (history === undefined) return new Map();
  const passed = history.attempts({ host: hostname() }).filter(({ verdict }) => verdict === "pass");
  return new Map(
    [...Map.groupBy(passed, ({ test }) => test)].map(([test, attempts]) => {
      const times = attempts
        .slice(-LAST)
        .map(({ nativeMs, recordMs, replayMs }) => (nativeMs ?? 0) + (recordMs ?? 0) + (replayMs ?? 0))
        .toSorted((a, b) => a - b);
      return [test, times[times.length >> 1] ?? 0];
    }),
  );
}

/** An estimate is no reason to fail: whoever needs the history says what is wrong with it. */
function openOrNothing(): History | undefined {
  try {
    return History.open(historyPath());
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
