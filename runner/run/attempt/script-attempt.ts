/** One attempt at a test of a script: the script's process runs it, and says what came of it. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { threadPlaces } from "../../engines/places.ts";
import { readReport } from "../../outcome/mod.ts";
import type { Attempt, Phase, StepResult, Verdict } from "../../results/mod.ts";
import type { ScriptSessions } from "../select/mod.ts";
import type { Target, TestCase } from "../types.ts";
import type { AttemptFolder } from "../workspace.ts";
import { Aborted } from "./phase.ts";

/** What the attempt needs. */
export interface ScriptAttemptSpec {
  test: TestCase;
  target: Extract<Target, { kind: "script" }>;
  number: number;
  /** Variables that shared fixtures have handed on. */
  environment: Readonly<Record<string, string>>;
  scripts: ScriptSessions;
  folder: AttemptFolder;
  abort: AbortSignal;
  onPhase: (phase: Phase) => void;
  onStep: (path: readonly string[], result: StepResult) => void;
}

/**
 * Makes the attempt.
 *
 * @throws {Aborted} If `spec.abort` was aborted meanwhile.
 */
export async function makeScriptAttempt(spec: ScriptAttemptSpec): Promise<Attempt> {
  const { test, target, number, environment, scripts, folder, abort, onPhase, onStep } = spec;
  onPhase("script");
  mkdirSync(folder.recordings);
  const output = scripts.outputOf(target.path);
  const printedBefore = sizeOf(output);
  const started = performance.now();
  const end = await scripts.run(target.path, {
    index: target.index,
    files: folder.recordings,
    environment,
    timeoutSeconds: test.timeoutSeconds,
    abort,
    onStep,
  });
  const milliseconds = { script: performance.now() - started };
  const printed = textFrom(output, printedBefore);
  const attempt = (verdict: Verdict, steps?: readonly StepResult[]): Attempt => ({
    number,
    engine: "embedded",
    verdict,
    milliseconds,
    ...(steps && steps.length > 0 && { steps }),
    ...(printed !== "" && verdict.kind !== "pass" && { output: printed }),
  });
  switch (end.kind) {
    case "aborted":
      throw new Aborted();
    case "timeout":
      return {
        ...attempt({ kind: "timeout", phase: "script", seconds: test.timeoutSeconds }),
        ...threadsIn(folder.recordings),
      };
    case "died":
      return attempt({
        kind: "fail",
        reasons: [`the script's process ended in the midst of the test: ${end.how}`],
      });
    case "ended": {
      const { verdict, steps } = end.result;
      return attempt(verdict.kind === "skip" ? { ...verdict, missing: [] } : verdict, steps);
    }
  }
}

/** How much of what a test has printed is kept: its end. */
const MOST_PRINTED = 8192;

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** The end of a file's text, of what came behind a byte. */
function textFrom(path: string, from: number): string {
  const size = sizeOf(path);
  const start = Math.max(from, size - MOST_PRINTED);
  if (start >= size) return "";
  const bytes = readFileSync(path).subarray(start);
  // A line that begins before what is kept would be read wrongly.
  const first = start > from ? bytes.indexOf(0x0a) + 1 : 0;
  return bytes.subarray(first).toString().trimEnd();
}

/** What each recording of a script and each replay of one leaves. */
const REPORT = /^[^/]+\/(record|replay-\d+\/replay)\.json$/;

/** Where the threads of the program stood that the script was recording or replaying when its time was up. */
function threadsIn(recordings: string): Pick<Attempt, "threads"> {
  const paths = readdirSync(recordings, { recursive: true, encoding: "utf8" });
  const reports = paths.filter((path) => REPORT.test(path)).map((path) => readReport(join(recordings, path)));
  const threads = reports.flatMap((report) =>
    report === undefined || report.kind === "error" ? [] : threadPlaces(report),
  );
  return threads.length > 0 ? { threads } : {};
}
