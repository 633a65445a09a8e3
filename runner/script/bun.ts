/**
 * Lets `bun test` run scripts: with `preload = ["tickproof/bun"]` in bunfig.toml, each test of a script becomes a
 * test of Bun's, with its name, its time-out, its retries, and its skips with their reasons.
 */
import { afterAll, afterEach, beforeAll, beforeEach, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_TIMEOUT_SECONDS, type TestDefinition } from "./definition.ts";
import { runTest } from "./execute.ts";
import type { StepResult } from "./outcome.ts";
import { type Registrar, setRegistrar } from "./registry.ts";
import { surroundings } from "./surroundings.ts";

const HOOKS = { beforeAll, beforeEach, afterEach, afterAll };
/** Bun runs the hooks itself. */
const NO_HOOKS = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };

/** Runs a test as the body of one of Bun's. */
async function body(definition: TestDefinition, milliseconds: number): Promise<void> {
  const files = mkdtempSync(join(tmpdir(), "tickproof-script-"));
  const stop = new AbortController();
  // Bun leaves a test that takes too long alone: its programs are ended a little before.
  const timer = setTimeout(() => stop.abort(), milliseconds * 0.95);
  try {
    const around = surroundings(definition.location.file, files, stop.signal, (path, step) =>
      show(path, step),
    );
    const script = { tests: [definition], hooks: NO_HOOKS };
    const { verdict } = await runTest(script, definition, around, stop.signal);
    if (verdict.kind === "skip") console.log(`(skip) ${definition.name}: ${verdict.reason}`);
    if (verdict.kind === "fail") throw new Error(verdict.reasons.join("\n"));
  } finally {
    clearTimeout(timer);
    rmSync(files, { recursive: true, force: true });
  }
}

/** A line for a step, as Bun writes them for tests. */
function show(path: readonly string[], { verdict, milliseconds }: StepResult): void {
  const reason = verdict.kind === "skip" ? `: ${verdict.reason}` : ` [${milliseconds.toFixed(2)}ms]`;
  console.log(`${"  ".repeat(path.length - 1)}(${verdict.kind}) ${path.join(" > ")}${reason}`);
}

const registrar: Registrar = {
  test(definition) {
    const { name, ignore, only, timeout = DEFAULT_TIMEOUT_SECONDS, retry, repeats } = definition;
    if (ignore) {
      test.skip(typeof ignore === "string" ? `${name} (skipped: ${ignore})` : name, () => {});
      return;
    }
    const milliseconds = timeout * 1000;
    const options = {
      timeout: milliseconds,
      ...(retry !== undefined && { retry }),
      // Bun counts the times after the first one.
      ...(repeats !== undefined && { repeats: repeats - 1 }),
    };
    const add = only ? test.only : test;
    add(name, () => body(definition, milliseconds), options);
  },
  hook(name, fn) {
    HOOKS[name](fn);
  },
};

setRegistrar(registrar);
