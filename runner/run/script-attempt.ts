/** One attempt at a test of a script: the script's process runs it, and says what came of it. */
import { mkdirSync } from "node:fs";
import type { StepResult } from "../script/outcome.ts";
import { Aborted } from "./phase.ts";
import type { ScriptSessions } from "./scripts.ts";
import type { Attempt, Phase, Target, TestCase, Verdict } from "./types.ts";
import type { AttemptFolder } from "./workspace.ts";

/** What the attempt needs. */
export interface ScriptAttemptSpec {
  test: TestCase;
  target: Extract<Target, { kind: "script" }>;
  number: number;
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
  const { test, target, number, scripts, folder, abort, onPhase, onStep } = spec;
  onPhase("script");
  mkdirSync(folder.recordings);
  const started = performance.now();
  const end = await scripts.run(target.path, {
    index: target.index,
    files: folder.recordings,
    timeoutSeconds: test.timeoutSeconds,
    abort,
    onStep,
  });
  const milliseconds = { script: performance.now() - started };
  const attempt = (verdict: Verdict, steps?: readonly StepResult[]): Attempt => ({
    number,
    engine: "embedded",
    verdict,
    milliseconds,
    ...(steps && steps.length > 0 && { steps }),
  });
  switch (end.kind) {
    case "aborted":
      throw new Aborted();
    case "timeout":
      return attempt({ kind: "timeout", phase: "script", seconds: test.timeoutSeconds });
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
