/**
 * The stack of a crash that no recording shows: of one that comes natively only, of a program that can't be recorded, or
 * under an engine that tells of no crashes. The program runs by itself again, watched, until it crashes like that once more.
 */
import { rmSync } from "node:fs";
import { crashOf, describeExit, isCrash } from "../../engines/mod.ts";
import type { Exit } from "../../outcome/mod.ts";
import { readWatched, watchedCommand } from "../../processes/mod.ts";
import type { Attempt, Crash } from "../../results/mod.ts";
import { counted } from "../../text/mod.ts";
import type { AttemptSpec } from "./attempt-spec.ts";
import { type PhaseSpec, runPhase, Verdicted } from "./phase.ts";
import { hasNativeRun } from "./signals.ts";

/** Names the files of the watched runs. */
const WATCHED = "watched";

/**
 * Puts the stack of a crash into an attempt that has none; a note where the program did not crash like that again.
 *
 * @param exit How the program has ended, and must not end.
 * @param how Command and input of its native run.
 */
export async function showNativeCrash(
  spec: AttemptSpec,
  attempt: Attempt,
  exit: Exit | undefined,
  how: PhaseSpec,
): Promise<void> {
  if (attempt.crash !== undefined || !isCrash(exit) || !hasNativeRun(spec.test)) return;
  const most = Math.max(1, spec.catchTries);
  for (let tried = 0; tried < most; tried++) {
    const seen = await watchedRun(spec, how);
    if (seen === undefined) {
      note(attempt, "no stack: the program could not be watched to its end");
      return;
    }
    if (describeExit(seen.exit) !== describeExit(exit) || seen.crash === undefined) continue;
    attempt.crash = { ...seen.crash, native: true };
    return;
  }
  const runs = counted(most, "native run");
  note(attempt, `no stack: ${describeExit(exit)} did not come again in ${runs} that were watched`);
}

function note(attempt: Attempt, text: string): void {
  attempt.notes = [...(attempt.notes ?? []), text];
}

/** One run under watch. @returns Undefined if it took too long, so that one more is no use. */
async function watchedRun(
  spec: AttemptSpec,
  how: PhaseSpec,
): Promise<{ exit: Exit; crash: Crash | undefined } | undefined> {
  const file = spec.folder.file(WATCHED, "report.json");
  rmSync(file, { force: true });
  // What it leaves behind, and its time, are not of the attempt.
  const apart: Attempt = {
    number: spec.number,
    engine: spec.engine.name,
    verdict: { kind: "pass" },
    milliseconds: {},
  };
  try {
    const command = watchedCommand(how.command, file);
    await runPhase(spec, apart, "native", { ...how, command, outputs: WATCHED, runsProgram: true });
  } catch (error) {
    if (!(error instanceof Verdicted)) throw error;
    return undefined;
  }
  const watched = readWatched(file);
  return watched && { exit: watched.exit, crash: crashOf(watched) };
}
