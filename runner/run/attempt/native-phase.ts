/** The native run of an attempt: the program by itself, checked like the others, and the counters that it shows. */

import type { Exit } from "../../outcome/mod.ts";
import type { Attempt, Verdict } from "../../results/mod.ts";
import { checkVisible, type Mismatch, type Visible } from "../compare/mod.ts";
import type { AttemptSpec } from "./attempt-spec.ts";
import { NativeCounters } from "./native-counters.ts";
import { runPhase, Verdicted } from "./phase.ts";
import { skipBy } from "./skip-exit.ts";

/** What a native run has shown. */
export interface NativeRun {
  /** What it does not meet of what the recording must meet too. */
  mismatches: readonly Mismatch[];
  /** How it ended; undefined where it took too long. */
  exit?: Exit;
  /** What it has printed; undefined where it took too long. */
  outputs?: Pick<Visible, "stdout" | "stderr">;
  /** What its counters have against it. */
  counted: readonly string[];
  /** It took too long. */
  timeout?: Extract<Verdict, { kind: "timeout" }>;
}

/**
 * Runs the program by itself.
 *
 * @throws {Verdicted} If the program skips itself, or its counters can't be read.
 */
export async function nativePhase(
  spec: AttemptSpec,
  attempt: Attempt,
  command: readonly string[],
  stdin: string | undefined,
): Promise<NativeRun> {
  const { test, snapshots } = spec;
  const { counters: expected } = test.expect;
  const counters = expected === undefined ? undefined : new NativeCounters(expected);
  try {
    const native = await runPhase(spec, attempt, "native", { command, stdin, guard: counters });
    skipBy(test, native);
    const mismatches = [...checkVisible(test.expect, native), ...snapshots.check(test, native)];
    return { mismatches, exit: native.exit, outputs: native, counted: countedBy(counters, attempt) };
  } catch (error) {
    if (!(error instanceof Verdicted) || error.verdict.kind !== "timeout") throw error;
    return { mismatches: [], counted: [], timeout: error.verdict };
  }
}

/** What the counters have against the run. */
function countedBy(counters: NativeCounters | undefined, attempt: Attempt): readonly string[] {
  if (counters === undefined) return [];
  attempt.counters = counters.values;
  if (counters.refusal !== undefined) throw new Verdicted({ kind: "broken", reason: counters.refusal });
  const counted = counters.check();
  if (!("event" in counted)) return counted;
  const { event, reason } = counted;
  throw new Verdicted({
    kind: "skip",
    reason: `this host can't count '${event}': ${reason}`,
    missing: [event],
  });
}
