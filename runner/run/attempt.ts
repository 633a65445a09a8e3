/** One attempt at a test: the program natively, then recorded, then replayed, each in a process of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import type { TaskPlace } from "../../engine/mod.ts";
import type { Completed, Engine, EnginePhase, Invocation, Seen } from "../engines/mod.ts";
import { nameThreads } from "../engines/places.ts";
import { sendInTime } from "../script/send.ts";
import { compareRuns } from "./compare.ts";
import { checkCounts, checkMeasures, checkVisible } from "./expect.ts";
import type { Guard } from "./guard.ts";
import { NativeCounters } from "./native-counters.ts";
import { processPlaces } from "./proc-places.ts";
import { runProcess } from "./process.ts";
import { hasNativeRun, sendsOf } from "./signals.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Attempt, Phase, TestCase, Verdict } from "./types.ts";
import { makeWorkFolder } from "./work-folder.ts";
import type { AttemptFolder } from "./workspace.ts";

/** A few native runs are enough: they give the time to compare with, and show that the program works at all here. */
export const NATIVE_RUNS = 3;

/** What an attempt needs. */
export interface AttemptSpec {
  test: TestCase;
  number: number;
  /** The program's path. */
  program: string;
  /** Attempts that begin with a native run. */
  nativeRuns: number;
  engine: Engine;
  folder: AttemptFolder;
  snapshots: Snapshots;
  /** Ticks of earlier runs of the test on this host; undefined where there are none. */
  baselineTicks: number | undefined;
  /** Watches recordings, and stops one that can't be trusted. */
  guard: Guard | undefined;
  abort: AbortSignal;
  onPhase: (phase: Phase) => void;
}

/** Ends the attempt with a verdict from anywhere inside it. */
class Verdicted extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.kind);
    this.verdict = verdict;
  }
}

/** The run was ended from outside: the attempt has no verdict. */
export class Aborted extends Error {}

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
  const { test, folder, engine } = spec;
  const stdin = test.stdin === undefined ? undefined : folder.file("test", "stdin");
  if (stdin !== undefined) writeFileSync(stdin, test.stdin ?? "");
  const command = [spec.program, ...test.args];
  const reasons: string[] = [];

  // On a described host it is meant to do something else than here.
  if (spec.number <= spec.nativeRuns && hasNativeRun(test)) {
    reasons.push(...(await nativeRun(spec, attempt, command, stdin)));
  }

  const invocation = engine.record(command, folder, { host: test.host, sends: sendsOf(test) });
  const record = await complete(spec, attempt, "record", invocation, stdin);
  reasons.push(
    ...checkVisible(test.expect, record),
    ...spec.snapshots.check(test, record),
    ...checkCounts(test.expect, record.counts, engine.comparable),
    ...checkMeasures(test.expect, {
      ticks: record.counts.ticks,
      baselineTicks: spec.baselineTicks,
      recordMs: attempt.milliseconds.record,
      nativeMs: attempt.milliseconds.native,
    }),
    ...record.reasons,
  );
  try {
    const replay = await complete(spec, attempt, "replay", engine.replay(folder), undefined);
    reasons.push(...compareRuns(record, replay), ...replay.reasons);
  } catch (error) {
    // It stopped there, so all totals differ too: they would only bury the reason.
    if (!(error instanceof Verdicted) || error.verdict.kind !== "fail") throw error;
    reasons.push(...error.verdict.reasons);
  }
  if (reasons.length > 0) return { kind: "fail", reasons };
  try {
    spec.snapshots.keep(test, record);
  } catch (error) {
    throw brokenBy("the snapshot can't be written", error);
  }
  return { kind: "pass" };
}

/**
 * Runs the program by itself.
 *
 * @returns What its counters have against it.
 */
async function nativeRun(
  spec: AttemptSpec,
  attempt: Attempt,
  command: readonly string[],
  stdin: string | undefined,
): Promise<string[]> {
  const { test, snapshots } = spec;
  const { counters: expected } = test.expect;
  const counters = expected === undefined ? undefined : new NativeCounters(expected);
  const native = await runPhase(spec, attempt, "native", { command }, stdin, counters);
  if (counters !== undefined) attempt.counters = counters.values;
  const reasons = [...checkVisible(test.expect, native), ...snapshots.check(test, native)];
  if (reasons.length > 0) {
    const reason = `the program itself, not recorded: ${reasons.join("; ")}`;
    throw new Verdicted({ kind: "broken", reason });
  }
  if (counters?.refusal !== undefined) throw new Verdicted({ kind: "broken", reason: counters.refusal });
  const counted = counters?.check() ?? [];
  if (!("event" in counted)) return counted;
  const { event, reason } = counted;
  throw new Verdicted({
    kind: "skip",
    reason: `this host can't count '${event}': ${reason}`,
    missing: [event],
  });
}

/** Runs a phase of the engine and reads what came of it. */
async function complete(
  spec: AttemptSpec,
  attempt: Attempt,
  phase: EnginePhase,
  invocation: Invocation,
  stdin: string | undefined,
): Promise<Completed> {
  const seen = await runPhase(spec, attempt, phase, invocation, stdin);
  const outcome = await spec.engine.read(phase, seen, spec.folder);
  if (phase === "record" && outcome.counts !== undefined) attempt.counts = outcome.counts;
  if (!("verdict" in outcome)) return outcome;
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

function brokenBy(what: string, error: unknown): Verdicted {
  const words = error instanceof Error ? error.message : String(error);
  return new Verdicted({ kind: "broken", reason: `${what}: ${words}` });
}

async function runPhase(
  { test, engine, folder, guard, abort, onPhase }: AttemptSpec,
  attempt: Attempt,
  phase: Phase,
  { command, environment }: Invocation,
  stdin: string | undefined,
  watching: Guard | undefined = phase === "record" ? guard : undefined,
): Promise<Seen> {
  onPhase(phase);
  const sends = phase === "replay" ? [] : sendsOf(test);
  const [stdout, stderr] = [folder.file(phase, "stdout"), folder.file(phase, "stderr")];
  const seconds = test.timeoutSeconds;
  let places: readonly TaskPlace[] = [];
  const end = await runProcess({
    command,
    cwd: workFolder(test, folder),
    environment: { ...test.environment, ...environment },
    stdin,
    stdout,
    stderr,
    timeoutSeconds: seconds,
    records: phase === "record",
    onTimeout: (pid) => {
      // The threads of a replay stand in the engine's code cache: their addresses would say nothing.
      if (phase === "native") places = processPlaces(pid);
    },
    abort,
    guard: watching,
    onStart: (pid, ended) =>
      sendInTime(sends, { ...(phase === "native" ? { program: pid } : { recorder: pid }), stdout, ended }),
  });
  if (end.kind === "aborted") throw new Aborted();
  if (end.kind === "timeout") {
    const threads = phase === "record" ? (engine.threadsOf?.(folder) ?? []) : nameThreads(places);
    if (threads.length > 0) attempt.threads = threads;
    throw new Verdicted({ kind: "timeout", phase, seconds });
  }
  if (end.kind === "stopped") throw new Verdicted({ kind: "broken", reason: end.reason });
  attempt.milliseconds[phase] = end.milliseconds;
  return { exit: end.exit, stdout: readFileSync(stdout), stderr: readFileSync(stderr) };
}
