/** How long tests take as a rule, as the history of this host has it: what a run's end is estimated from. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { UsageError } from "../errors/mod.ts";
import { historyPlace } from "./place.ts";
import { History } from "./store.ts";

/** Attempts of a test that are looked at: the last ones. */
const LAST = 20;
/** Attempts of the newest runs that are looked through for them. */
const MOST = 20_000;

/** The median time of an attempt that passed, in milliseconds, by the test's id. */
export async function usualTimes(): Promise<Map<string, number>> {
  try {
    const place = historyPlace();
    if (place.kind === "sqlite" && !existsSync(place.path)) return new Map();
    await using history = await History.open(place);
    const attempts = await history.attempts({ host: hostname(), most: MOST, figures: true });
    const passed = attempts.filter(({ verdict }) => verdict === "pass");
    return new Map(
      [...Map.groupBy(passed, ({ test }) => test)].map(([test, all]) => {
        const times = all
          .slice(-LAST)
          .map(({ nativeMs, recordMs, replayMs }) => (nativeMs ?? 0) + (recordMs ?? 0) + (replayMs ?? 0))
          .toSorted((a, b) => a - b);
        return [test, times[times.length >> 1] ?? 0];
      }),
    );
  } catch (error) {
    // An estimate is no reason to fail: whoever needs the history says what is wrong with it.
    if (error instanceof UsageError) return new Map();
    throw error;
  }
}
