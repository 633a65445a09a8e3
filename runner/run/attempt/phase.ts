/** One phase of an attempt: a process with its output in files, ended in time; what ends the attempt is thrown. */

import { readFileSync } from "node:fs";
import type { Completed, EnginePhase, Invocation, Seen } from "../../engines/mod.ts";
import { nameThreads } from "../../engines/places.ts";
import { type Guard, processPlaces, runProcess } from "../../processes/mod.ts";
import type { Attempt, Phase, ThreadPlace, Verdict } from "../../results/mod.ts";
import { sendInTime } from "../../script/send.ts";
import { FixtureAborted, FixtureFailure, type StandingFixture, setUp } from "../fixture/mod.ts";
import type { TestCase } from "../types.ts";
import type { AttemptFolder } from "../workspace.ts";
import type { AttemptSpec } from "./attempt-spec.ts";
import { sendsOf } from "./signals.ts";
import { makeWorkFolder } from "./work-folder.ts";

/** Ends the attempt with a verdict from anywhere inside it. */
export class Verdicted extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.kind);
    this.verdict = verdict;
  }
}

/** The run was ended from outside: the attempt has no verdict. */
export class Aborted extends Error {}

/** The host or the harness is at fault. */
export function brokenBy(what: string, error: unknown): Verdicted {
  const words = error instanceof Error ? error.message : String(error);
  return new Verdicted({ kind: "broken", reason: `${what}: ${words}` });
}

/** Phases that run the program; a script makes its own. */
type ProgramPhase = Exclude<Phase, "script">;

/** How a phase is run. */
export interface PhaseSpec extends Invocation {
  /** File that is its standard input. */
  stdin: string | undefined;
  /** Watches it. */
  guard?: Guard | undefined;
  /** Before the names of its output files, where the phase was run before. @default the phase's name */
  outputs?: string;
  /** The process is one that runs the program as its only child. @default it is so in all phases but the native one */
  runsProgram?: boolean;
}

/**
 * Runs a phase.
 *
 * @throws {Verdicted} If its time is up, or its guard had it stopped.
 * @throws {Aborted} If the run is ended.
 */
export async function runPhase(
  spec: AttemptSpec,
  attempt: Attempt,
  phase: ProgramPhase,
  how: PhaseSpec,
): Promise<Seen> {
  spec.onPhase(phase);
  const cwd = workFolder(spec.test, spec.folder);
  // A replay asks for nothing that a fixture could have set up.
  const standing = phase === "replay" ? undefined : await setUpFor(spec, phase, cwd);
  let seen: Seen;
  try {
    const environment = { ...spec.environment, ...spec.test.environment, ...standing?.environment };
    seen = await runIn(
      spec,
      attempt,
      phase,
      { ...how, environment: { ...environment, ...how.environment } },
      cwd,
    );
  } catch (error) {
    // What has become of the program weighs more than what can't be cleared away behind it.
    await standing?.tearDown().catch((failure) => {
      if (!(failure instanceof FixtureFailure)) throw failure;
      attempt.notes = [...(attempt.notes ?? []), failure.message];
    });
    throw error;
  }
  try {
    await standing?.tearDown();
  } catch (error) {
    throw verdictOf(error);
  }
  return seen;
}

/** Sets up what the test wants for each of its native runs and recordings. */
async function setUpFor(
  { test, folder, environment, abort }: AttemptSpec,
  phase: Phase,
  cwd: string,
): Promise<StandingFixture | undefined> {
  const { fixture } = test;
  if (fixture?.setup === undefined && fixture?.teardown === undefined) return undefined;
  try {
    return await setUp(fixture, {
      of: `the test ${test.id} (${phase})`,
      cwd,
      base: test.cwd,
      environment: { ...environment, ...test.environment },
      timeoutSeconds: test.timeoutSeconds,
      file: (what) => folder.fixtureFile(phase, what),
      abort,
    });
  } catch (error) {
    throw verdictOf(error);
  }
}

/** What ends an attempt whose fixture could not be set up or torn down. */
function verdictOf(error: unknown): unknown {
  if (error instanceof FixtureAborted) return new Aborted();
  return error instanceof FixtureFailure ? new Verdicted({ kind: "broken", reason: error.message }) : error;
}

/** Runs the phase's program in a folder. */
async function runIn(
  { test, engine, folder, abort }: AttemptSpec,
  attempt: Attempt,
  phase: ProgramPhase,
  { command, environment = {}, stdin, guard, outputs = phase, runsProgram = phase !== "native" }: PhaseSpec,
  cwd: string,
): Promise<Seen> {
  const sends = phase === "replay" ? [] : sendsOf(test);
  const [stdout, stderr] = [folder.file(outputs, "stdout"), folder.file(outputs, "stderr")];
  const seconds = test.timeoutSeconds;
  let standing: readonly ThreadPlace[] = [];
  const end = await runProcess({
    command,
    cwd,
    environment,
    stdin,
    stdout,
    stderr,
    timeoutSeconds: seconds,
    traces: phase !== "native",
    onTimeout: (pid) => {
      // The threads of the embedded engine's programs stand in its code cache: their addresses would say nothing. Of
      // another engine's, those of the engine itself are left out.
      if (phase === "native") standing = nameThreads(processPlaces(pid));
      else if (engine.name !== "embedded")
        standing = nameThreads(processPlaces(pid).filter(({ process }) => process !== pid));
    },
    abort,
    guard,
    onStart: (pid, ended) =>
      sendInTime(sends, { ...(runsProgram ? { recorder: pid } : { program: pid }), stdout, ended }),
  });
  if (end.kind === "aborted") throw new Aborted();
  if (end.kind === "timeout") {
    attempt.milliseconds[phase] = seconds * 1000;
    const threads = phase !== "native" && engine.threadsOf ? engine.threadsOf(phase, folder) : standing;
    if (threads.length > 0) attempt.threads = threads;
    throw new Verdicted({ kind: "timeout", phase, seconds });
  }
  if (end.kind === "stopped") throw new Verdicted({ kind: "broken", reason: end.reason });
  attempt.milliseconds[phase] = end.milliseconds;
  leaked(
    attempt,
    phase,
    end.left.map(({ command }) => command),
  );
  return { exit: end.exit, stdout: readFileSync(stdout), stderr: readFileSync(stderr) };
}

/** Notes what a phase has left running. */
function leaked(attempt: Attempt, phase: ProgramPhase, commands: readonly string[]): void {
  if (commands.length > 0) attempt.leaks = [...(attempt.leaks ?? []), { phase, commands }];
}

/** Runs a phase of the engine and reads what came of it. */
export async function completePhase(
  spec: AttemptSpec,
  attempt: Attempt,
  phase: EnginePhase,
  how: PhaseSpec,
): Promise<Completed> {
  const seen = await runPhase(spec, attempt, phase, how);
  const outcome = await spec.engine.read(phase, seen, spec.folder);
  if (phase === "record" && outcome.counts !== undefined) attempt.counts = outcome.counts;
  if (outcome.hostLog !== undefined) attempt.kernelLog = outcome.hostLog;
  if (!("verdict" in outcome)) {
    leaked(attempt, phase, outcome.left ?? []);
    return outcome;
  }
  if (outcome.divergence !== undefined) attempt.divergence = outcome.divergence;
  throw new Verdicted(outcome.verdict);
}

/** The folder that the program runs in; the test is broken where its files can't be written. */
function workFolder(test: TestCase, folder: AttemptFolder): string {
  try {
    return makeWorkFolder(test, folder.work);
  } catch (error) {
    throw brokenBy("the files of the working folder can't be written", error);
  }
}
