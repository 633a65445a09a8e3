/** Test cases and a run of them with the stand-in engine, for the tests of this folder. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { embeddedEngine } from "../engines/mod.ts";
import { LogWatch } from "../kernel/mod.ts";
import { type RunOptions, runTests } from "./run.ts";
import { ScriptSessions } from "./select/mod.ts";
import type { RunEvent, RunSummary, TestCase } from "./types.ts";

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
    weight: 1,
    exclusive: [],
    tags: [],
    retry: undefined,
    skip: undefined,
    engine: "embedded",
    host: undefined,
    conditions: { requires: [], unsupported: [], flag: [], xfail: [] },
    expect: {},
    ...more,
  };
}

/** A test whose engine goes wrong in one way; see `_fake-engine.ts`. */
export function faultyTest(fault: string, more: Partial<TestCase> = {}): TestCase {
  return shellTest("echo output", { environment: { FAKE_ENGINE: fault }, ...more });
}

/** The stand-in as an engine. */
export const FAKE_ENGINE = embeddedEngine([process.execPath, resolve(import.meta.dir, "_fake-engine.ts")]);

/** What a {@link FakeRun} may be given instead of what it has. */
export type FakeRunOptions = Partial<Omit<RunOptions, "tests" | "report" | "abort" | "root">> & {
  onEvent?: (event: RunEvent) => void;
};

/** A run with the stand-in engine in a folder of its own. */
export class FakeRun implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "tickproof-run-"));
  readonly events: RunEvent[] = [];
  readonly abort = new AbortController();

  /** Runs tests; `onEvent` sees the events as they come. */
  run(
    tests: TestCase[],
    { onEvent = (_: RunEvent) => {}, ...more }: FakeRunOptions = {},
  ): Promise<RunSummary> {
    return runTests({
      scripts: new ScriptSessions(this.root),
      tests,
      repeat: 1,
      retry: 0,
      untilFail: false,
      failFast: undefined,
      jobs: 2,
      keep: "failed",
      engines: { embedded: FAKE_ENGINE, rr: { refusal: "there is no rr", missing: ["rr"] }, rrIsFit: false },
      choice: undefined,
      force: false,
      facts: () => ({ subject: "this host", capabilities: new Map(), broken: new Map() }),
      log: new LogWatch(() => []),
      settings: () => new Map(),
      guard: () => ({ reason: "no PMU" }),
      root: this.root,
      abort: this.abort.signal,
      ...more,
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
