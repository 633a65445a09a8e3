/** One attempt at one test, for those who run tests by rules of their own: bisect, and `bun test`. */

import { tracesRoot } from "../files/mod.ts";
import { LogWatch } from "../kernel/mod.ts";
import type { Verdict } from "../results/mod.ts";
import type { Surroundings } from "./decide/mod.ts";
import { runTests } from "./run.ts";
import type { ScriptSessions } from "./select/mod.ts";
import type { TestCase } from "./types.ts";
import type { Keep } from "./workspace.ts";

/** How the attempt is made. */
export interface OnceOptions {
  around: Surroundings;
  scripts: ScriptSessions;
  keep: Keep;
  abort: AbortSignal;
  /** 0: a program that fails by itself is a failure, not broken. @default as in a run */
  nativeRuns?: number;
}

/**
 * Makes one attempt; nothing is reported, and nothing is tried again.
 *
 * @returns Its verdict, and its trace where one was kept.
 */
export async function runOnce(
  test: TestCase,
  options: OnceOptions,
): Promise<{ verdict: Verdict; trace?: string }> {
  const { around, nativeRuns, ...how } = options;
  const { results } = await runTests({
    ...around,
    ...how,
    ...(nativeRuns !== undefined && { nativeRuns }),
    tests: [{ ...test, retry: 0, repeat: 1 }],
    repeat: 1,
    retry: 0,
    untilFail: false,
    failFast: undefined,
    jobs: 1,
    log: new LogWatch(() => []),
    settings: () => new Map(),
    guard: () => ({ reason: "a single attempt is not guarded" }),
    root: tracesRoot(),
    report: () => {},
  });
  const [result] = results;
  const trace = result?.attempts.at(-1)?.trace;
  return {
    verdict: result?.verdict ?? { kind: "broken", reason: "the run was ended" },
    ...(trace !== undefined && { trace }),
  };
}
