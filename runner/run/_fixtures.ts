/** Test cases and a run of them with the stand-in engine, for the tests of this folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runTests } from "./run.ts";
import type { RunEvent, RunSummary, TestCase } from "./types.ts";
import type { Keep } from "./workspace.ts";

/** A test that runs a shell script. */
export function shellTest(script: string, more: Partial<TestCase> = {}): TestCase {
  return {
    id: "shell/test",
    suite: "shell",
    name: "test",
    target: { kind: "host", name: "sh" },
    args: ["-c", script],
    stdin: undefined,
    environment: {},
    cwd: tmpdir(),
    timeoutSeconds: 30,
    alone: false,
    skip: undefined,
    expect: {},
    ...more,
  };
}

/** A test whose engine goes wrong in one way; see `_fake-engine.ts`. */
export function faultyTest(fault: string, more: Partial<TestCase> = {}): TestCase {
  return shellTest("echo output", { environment: { FAKE_ENGINE: fault }, ...more });
}

/** A run with the stand-in engine in a folder of its own. */
export class FakeRun implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "tickproof-run-"));
  readonly events: RunEvent[] = [];
  readonly abort = new AbortController();

  /** Runs tests; `onEvent` sees the events as they come. */
  run(
    tests: TestCase[],
    { repeat = 1, jobs = 2, keep = "failed" as Keep, onEvent = (_: RunEvent) => {} } = {},
  ): Promise<RunSummary> {
    return runTests({
      tests,
      repeat,
      jobs,
      keep,
      engine: [process.execPath, resolve(import.meta.dir, "_fake-engine.ts")],
      root: this.root,
      abort: this.abort.signal,
      report: (event) => {
        this.events.push(event);
        onEvent(event);
      },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
