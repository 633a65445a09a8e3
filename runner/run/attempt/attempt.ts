/**
 * One attempt at a test: the program natively, then recorded, then replayed, each in a process of its own. The native
 * run is no gate: a program that fails there is recorded all the same, since that trace is what people want.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Completed, lastLines } from "../../engines/mod.ts";
import type { Attempt, Crash, Phase, Verdict } from "../../results/mod.ts";
import { counted } from "../../text/mod.ts";
import {
  checkAsNatively,
  checkCounts,
  checkMeasures,
  checkVisible,
  compareRuns,
  differenceOf,
  type Mismatch,
  sayWhere,
} from "../compare/mod.ts";
import type { AttemptFolder } from "../workspace.ts";
import type { AttemptSpec } from "./attempt-spec.ts";
import { showNativeCrash } from "./native-crash.ts";
import { type NativeRun, nativePhase } from "./native-phase.ts";
import { brokenBy, completePhase, Verdicted } from "./phase.ts";
import { hasNativeRun, sendsOf } from "./signals.ts";
import { skipBy } from "./skip-exit.ts";

/** A few native runs are enough: they give the time to compare with, and show how the program behaves by itself. */
export const NATIVE_RUNS = 3;
/** Recordings that are made of a program that has failed natively, until one of them fails too. */
export const CATCH_TRIES = 10;

/**
 * Makes an attempt.
 *
 * @param spec The test and its surroundings.
 * @returns What came of it. Nothing is deleted here.
 * @throws {Aborted} If `spec.abort` was aborted meanwhile.
 */
export async function makeAttempt(spec: AttemptSpec): Promise<Attempt> {
  const attempt: Attempt = {
    number: spec.number,
    engine: spec.engine.name,
    verdict: { kind: "pass" },
    milliseconds: {},
  };
  try {
    attempt.verdict = await phases(spec, attempt);
  } catch (error) {
    if (!(error instanceof Verdicted)) throw error;
    attempt.verdict = error.verdict;
  }
  return attempt;
}

async function phases(spec: AttemptSpec, attempt: Attempt): Promise<Verdict> {
  const { test, folder } = spec;
  const stdin = test.stdin === undefined ? undefined : folder.file("test", "stdin");
  if (stdin !== undefined) writeFileSync(stdin, test.stdin ?? "");
  const command = [spec.program, ...test.args];
  // On a described host it is meant to do something else than here.
  const runsNatively = spec.number <= spec.nativeRuns && hasNativeRun(test);
  const native = runsNatively ? await nativePhase(spec, attempt, command, stdin) : undefined;
  try {
    return await recordAndReplay(spec, attempt, command, stdin, native);
  } catch (error) {
    if (!(error instanceof Verdicted)) throw error;
    await showDifferences(attempt, "native", native?.mismatches ?? []);
    showOutput(attempt, spec.folder, "native", native?.mismatches ?? []);
    if (endsWrongly(native?.mismatches))
      await showNativeCrash(spec, attempt, native?.exit, { command, stdin });
    return withNative(error.verdict, native);
  }
}

/** What the recording has come to, beside what the native run has shown: that is true whatever became of the recording. */
function withNative(verdict: Verdict, native: NativeRun | undefined): Verdict {
  const known = [...sayWhere(native?.mismatches, []), ...(native?.counted ?? [])];
  if (native?.timeout !== undefined) return native.timeout;
  if (known.length === 0) return verdict;
  switch (verdict.kind) {
    case "fail":
      return { kind: "fail", reasons: [...known, ...verdict.reasons] };
    case "unsupported":
    case "broken":
      return { kind: "fail", reasons: [...known, `not recorded: ${verdict.reason}`] };
    case "timeout":
      return { kind: "fail", reasons: [...known, `${verdict.phase} took longer than ${verdict.seconds} s`] };
    default:
      return verdict;
  }
}

async function recordAndReplay(
  spec: AttemptSpec,
  attempt: Attempt,
  command: readonly string[],
  stdin: string | undefined,
  native: NativeRun | undefined,
): Promise<Verdict> {
  const { test, folder, engine } = spec;
  const { record, mismatches } = await recordUntilCaught(spec, attempt, command, stdin, native);
  const measured = checkMeasures(test.expect, {
    ticks: record.counts.ticks,
    baselineTicks: spec.baselineTicks,
    recordMs: attempt.milliseconds.record,
    nativeMs: attempt.milliseconds.native,
  });
  if (measured.notes.length > 0) attempt.notes = [...(attempt.notes ?? []), ...measured.notes];
  const reasons = [
    ...sayWhere(native?.timeout === undefined ? native?.mismatches : undefined, mismatches),
    ...(native?.counted ?? []),
    ...checkCounts(test.expect, record.counts, engine.comparable),
    ...measured.reasons,
    ...record.reasons,
  ];
  await showDifferences(attempt, "record", mismatches);
  showOutput(attempt, folder, "native", native?.mismatches ?? []);
  showOutput(attempt, folder, "record", mismatches);
  if (mismatches.length > 0) showCrash(attempt, engine.crashOf?.(folder));
  const wrong = endsWrongly(mismatches)
    ? record.exit
    : endsWrongly(native?.mismatches)
      ? native?.exit
      : undefined;
  await showNativeCrash(spec, attempt, wrong, { command, stdin });
  if (mismatches.length === 0) await showDifferences(attempt, "native", native?.mismatches ?? []);
  try {
    const replay = await completePhase(spec, attempt, "replay", {
      ...engine.replay(folder),
      stdin: undefined,
    });
    const differences = compareRuns(record, replay);
    await showDifferences(attempt, "replay", differences);
    reasons.push(...differences.map(({ reason }) => reason), ...replay.reasons);
  } catch (error) {
    // It stopped there, so all totals differ too: they would only bury the reason.
    if (!(error instanceof Verdicted)) throw error;
    if (error.verdict.kind === "fail") reasons.push(...error.verdict.reasons);
    else if (reasons.length === 0) throw error;
    else reasons.push(inWords(error.verdict));
  }
  if (native?.timeout !== undefined) return native.timeout;
  if (reasons.length > 0) return { kind: "fail", reasons };
  try {
    spec.snapshots.keep(test, record);
  } catch (error) {
    throw brokenBy("the snapshot can't be written", error);
  }
  return { kind: "pass" };
}

/** What became of a replay, for a test that fails for another reason. */
function inWords(verdict: Verdict): string {
  if (verdict.kind === "timeout") return `${verdict.phase} took longer than ${verdict.seconds} s`;
  const isToldWhy = verdict.kind === "broken" || verdict.kind === "unsupported";
  return isToldWhy ? `not replayed: ${verdict.reason}` : `replay: ${verdict.kind}`;
}

/**
 * Records the program. Where its native run has failed and the recording does not, it is recorded again, until one has
 * caught the failure: a bounded number of times, which the attempt's notes tell.
 */
async function recordUntilCaught(
  spec: AttemptSpec,
  attempt: Attempt,
  command: readonly string[],
  stdin: string | undefined,
  native: NativeRun | undefined,
): Promise<{ record: Completed; mismatches: Mismatch[] }> {
  const { test, folder, engine, guard, snapshots } = spec;
  const wanted = native !== undefined && (native.mismatches.length > 0 || native.timeout !== undefined);
  const most = wanted ? Math.max(1, spec.catchTries) : 1;
  for (let tried = 1; ; tried++) {
    const invocation = engine.record(command, folder, { host: test.host, sends: sendsOf(test) });
    if (tried > 1)
      note(attempt, `recording ${tried} of at most ${most}, to catch what the native run has shown`);
    const record = await completePhase(spec, attempt, "record", { ...invocation, stdin, guard });
    if (native === undefined && record.exit !== undefined) skipBy(test, { ...record, exit: record.exit });
    const mismatches = [
      ...checkVisible(test.expect, record),
      ...checkAsNatively(test.expect, native?.outputs, record),
      ...snapshots.check(test, record),
    ];
    if (mismatches.length > 0 || tried === most) {
      if (wanted && mismatches.length === 0) {
        note(
          attempt,
          `not caught: ${counted(most, "recording")} did not fail; the trace is of one that passed`,
        );
      } else if (tried > 1) {
        note(attempt, `caught by recording ${tried} of at most ${most}`);
      }
      return { record, mismatches };
    }
    rmSync(folder.trace, { recursive: true, force: true });
  }
}

/** Only the last thing that can be said of the recordings is of use. */
function note(attempt: Attempt, text: string): void {
  attempt.notes = [text];
}

/** Whether a program has ended as it must not. */
function endsWrongly(mismatches: readonly Mismatch[] = []): boolean {
  return mismatches.some(({ about }) => about === "end");
}

function showCrash(attempt: Attempt, crash: Crash | undefined): void {
  if (crash !== undefined) attempt.crash = crash;
}

/** How much of an output is shown of a program that has ended otherwise than it must: its end, where errors are. */
const OUTPUT_LINES = 10;

/** What a program has said that ended otherwise than it must. */
function showOutput(
  attempt: Attempt,
  folder: AttemptFolder,
  phase: Phase,
  mismatches: readonly Mismatch[],
): void {
  if (!endsWrongly(mismatches)) return;
  const texts = (["stdout", "stderr"] as const).map((stream) =>
    lastLines(readFileSync(folder.file(phase, stream)), OUTPUT_LINES),
  );
  const output = texts.filter((text) => text !== "").join("\n");
  if (output !== "") attempt.output = output;
}

async function showDifferences(
  attempt: Attempt,
  phase: Phase,
  mismatches: readonly Mismatch[],
): Promise<void> {
  for (const { texts } of mismatches) {
    if (texts !== undefined)
      attempt.differences = [...(attempt.differences ?? []), await differenceOf(texts, phase)];
  }
}
