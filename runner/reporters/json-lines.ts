/**
 * The events of a run as JSON lines, one as each happens: {@link JsonLine} is what a line may be.
 */

import type { SettingChange } from "../kernel/mod.ts";
import type { Attempt, StepResult, Verdict } from "../results/mod.ts";
import type { Reporter, RunEvent, TestCase } from "../run/mod.ts";
import type { ScriptProblem } from "../run/types.ts";

/** A test, as a line names it. */
export interface JsonTest {
  id: string;
  suite: string;
  name: string;
}

/** A line. `version` is raised when a key changes its meaning or goes; keys may be added. */
export type JsonLine =
  | { event: "run-started"; version: 1; time: string; tests: JsonTest[]; repeat: number; jobs: number }
  | { event: "phase-started"; test: string; attempt: number; phase: string }
  | { event: "step-finished"; test: string; attempt: number; path: string[]; result: StepResult }
  | { event: "attempt-finished"; test: string; attempt: Attempt }
  | {
      event: "run-finished";
      tests: { id: string; verdict: Verdict; passed: number; attempts: number }[];
      counts: Readonly<Record<Verdict["kind"], number>>;
      passed: number;
      failed: number;
      skipped: number;
      xfailed: number;
      flaky: number;
      milliseconds: number;
      interrupted: boolean;
      stoppedByFailures: boolean;
      scriptProblems: readonly ScriptProblem[];
      teardownProblems: readonly string[];
      kernelLogReadable: boolean;
      settingChanges: readonly SettingChange[];
    };

const named = ({ id, suite, name }: TestCase): JsonTest => ({ id, suite, name });

/** An event as a line. */
export function jsonLine(event: RunEvent, now: Date): JsonLine {
  switch (event.kind) {
    case "run-started":
      return {
        event: "run-started",
        version: 1,
        time: now.toISOString(),
        tests: event.tests.map(named),
        repeat: event.repeat,
        jobs: event.jobs,
      };
    case "phase-started":
      return { event: "phase-started", test: event.test.id, attempt: event.attempt, phase: event.phase };
    case "step-finished":
      return {
        event: "step-finished",
        test: event.test.id,
        attempt: event.attempt,
        path: [...event.path],
        result: event.result,
      };
    case "attempt-finished":
      return { event: "attempt-finished", test: event.test.id, attempt: event.attempt };
    case "run-finished": {
      const { results, ...totals } = event.summary;
      const tests = results.map(({ test, verdict, passed: good, attempts }) => ({
        id: test.id,
        verdict,
        passed: good,
        attempts: attempts.length,
      }));
      return { event: "run-finished", ...totals, tests };
    }
  }
}

/** A reporter that writes a line for each event. */
export function jsonLinesReporter(write: (text: string) => void): Reporter {
  return (event) => write(`${JSON.stringify(jsonLine(event, new Date()))}\n`);
}
