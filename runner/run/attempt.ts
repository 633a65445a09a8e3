/** One attempt at a test: the program natively, then recorded, then replayed, each in a process of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { type RecordReport, type ReplayReport, type Report, readReport } from "../report.ts";
import { compareRuns, describeExit, type Observed } from "./compare.ts";
import { checkCounts, checkVisible } from "./expect.ts";
import { runProcess } from "./process.ts";
import type { Attempt, Phase, TestCase, Verdict } from "./types.ts";
import type { AttemptFolder } from "./workspace.ts";

/** Attempts that begin with a native run. */
const NATIVE_RUNS = 3;
/** Lines of an engine's standard error that a message shows. */
const LINES_SHOWN = 10;

/** What an attempt needs. */
export interface AttemptSpec {
  test: TestCase;
  number: number;
  /** The program's path. */
  program: string;
  /** Starts the engine: `[...engine, "record", …]`. */
  engine: readonly string[];
  folder: AttemptFolder;
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
  const attempt: Attempt = { number: spec.number, verdict: { kind: "pass" }, milliseconds: {} };
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

  // A few times are enough: they give the time to compare with, and show that the program works at all here.
  if (spec.number <= NATIVE_RUNS) {
    const native = await runPhase(spec, attempt, "native", command, stdin);
    const reasons = checkVisible(test.expect, native);
    if (reasons.length > 0) {
      return { kind: "broken", reason: `the program itself, not recorded: ${reasons.join("; ")}` };
    }
  }

  const options = (phase: Phase) => ["--quiet", "--report", folder.file(phase, "report.json")];
  const recordCommand = [...engine, "record", "-o", folder.trace, ...options("record"), "--", ...command];
  const record = observed("record", await runPhase(spec, attempt, "record", recordCommand, stdin), folder);
  const { ticks, events, signals, switches } = record.report;
  attempt.counts = { ticks, events, signals, switches };
  if (record.report.outcome !== "recorded") {
    return { kind: "fail", reasons: [`record ${record.report.outcome}: ${record.report.message}`] };
  }
  const reasons = [
    ...checkVisible(test.expect, { ...record, exit: record.report.exit }),
    ...checkCounts(test.expect, attempt.counts),
    ...checkPassThrough("record", record),
  ];

  const replayCommand = [...engine, "replay", ...options("replay"), folder.trace];
  const replay = observed(
    "replay",
    await runPhase(spec, attempt, "replay", replayCommand, undefined),
    folder,
  );
  reasons.push(...compareRuns(record, replay));
  if (replay.report.outcome === "replayed") reasons.push(...checkPassThrough("replay", replay));
  return reasons.length === 0 ? { kind: "pass" } : { kind: "fail", reasons };
}

type Seen = Omit<Observed<Report>, "report">;

async function runPhase(
  { test, folder, abort, onPhase }: AttemptSpec,
  attempt: Attempt,
  phase: Phase,
  command: readonly string[],
  stdin: string | undefined,
): Promise<Seen> {
  onPhase(phase);
  const [stdout, stderr] = [folder.file(phase, "stdout"), folder.file(phase, "stderr")];
  const seconds = test.timeoutSeconds;
  const { cwd, environment } = test;
  const end = await runProcess({
    command,
    cwd,
    environment,
    stdin,
    stdout,
    stderr,
    timeoutSeconds: seconds,
    abort,
  });
  if (end.kind === "aborted") throw new Aborted();
  if (end.kind === "timeout") throw new Verdicted({ kind: "timeout", phase, seconds });
  attempt.milliseconds[phase] = end.milliseconds;
  return { exit: end.exit, stdout: readFileSync(stdout), stderr: readFileSync(stderr) };
}

/** Adds the engine's report to what was seen of its process. Without a report of its kind it is broken. */
function observed(phase: "record", seen: Seen, folder: AttemptFolder): Observed<RecordReport>;
function observed(phase: "replay", seen: Seen, folder: AttemptFolder): Observed<ReplayReport>;
function observed(phase: "record" | "replay", seen: Seen, folder: AttemptFolder): Observed<Report> {
  const report = readReport(folder.file(phase, "report.json"));
  if (report?.kind === phase) return { ...seen, report };
  const words =
    report?.kind === "error"
      ? report.message
      : `${describeExit(seen.exit)}\n${lastLines(seen.stderr)}`.trimEnd();
  throw new Verdicted({ kind: "broken", reason: `the engine gave up to ${phase}: ${words}` });
}

/** The end of what a process said, where errors are. */
function lastLines(bytes: Buffer): string {
  return bytes.toString().trimEnd().split("\n").slice(-LINES_SHOWN).join("\n");
}

/** The engine's process must end as the program ended. */
function checkPassThrough(phase: Phase, { exit, report }: Observed<RecordReport | ReplayReport>): string[] {
  const [seen, wanted] = [describeExit(exit), describeExit(report.exit)];
  return seen === wanted ? [] : [`${phase} itself ended by ${seen}, its program by ${wanted}`];
}
