/** Histories for the tests of this folder. */
import type { AttemptInfo, RunInfo } from "./rows.ts";
import type { History } from "./store.ts";

/** A run on the host "box", on a day of November 2026. */
export function runOn(day: number, more: Partial<RunInfo> = {}): RunInfo {
  const startedAt = `2026-11-${String(day).padStart(2, "0")}T12:00:00.000Z`;
  return { startedAt, host: "box", cpu: "a cpu", kernel: "6.1", version: "0.1.0", bun: "1.4.5", ...more };
}

/** An attempt at "core/alarm" that passed. */
export function attempt(more: Partial<AttemptInfo> = {}): AttemptInfo {
  return {
    test: "core/alarm",
    number: 1,
    engine: "embedded",
    describedHost: "",
    verdict: "pass",
    reason: "",
    ticks: 1000,
    events: 10,
    signals: 1,
    switches: 0,
    nativeMs: 100,
    recordMs: 200,
    replayMs: 150,
    detail: null,
    ...more,
  };
}

/** Adds a finished run with its attempts; returns its id. */
export async function addRun(
  history: History,
  info: RunInfo,
  attempts: readonly Partial<AttemptInfo>[],
): Promise<number> {
  const id = await history.addRun(info);
  for (const [index, more] of attempts.entries())
    await history.addAttempt(id, attempt({ number: index + 1, ...more }));
  await history.finishRun(id);
  return id;
}
