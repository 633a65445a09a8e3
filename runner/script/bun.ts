/**
 * Lets `bun test` run scripts and manifests: with `preload = ["tickproof/bun"]` in bunfig.toml, each test of a script
 * becomes a test of Bun's, with its name, its time-out, its retries, and its skips with their reasons; and a test file
 * that imports a manifest (`import suite from "./x.suite.yaml"`) has the manifest's tests too.
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { plugin } from "bun";
import { tracesRoot } from "../files/mod.ts";
import { loadManifest } from "../manifest/mod.ts";
import type { Suite } from "../manifest/suite.ts";
import { reasonsOf } from "../reporters/details.ts";
import { replayCommand } from "../reporters/replay-command.ts";
import type { StepResult } from "../results/mod.ts";
import {
  conditionsOf,
  type Decision,
  decide,
  factsOf,
  isHarmless,
  judgeAttempt,
  suiteOf,
} from "../run/mod.ts";
import { type AttemptFolder, Workspace } from "../run/workspace.ts";
import { registerManifest } from "./bun-manifest.ts";
import { DEFAULT_TIMEOUT_SECONDS, type TestDefinition } from "./definition.ts";
import { runTest } from "./execute.ts";
import { hostOf } from "./host.ts";
import { provideModules } from "./provide.ts";
import { type Registrar, setRegistrar } from "./registry.ts";
import { surroundings } from "./surroundings.ts";

/** How long the programs of a test whose time is up may take to end. */
const GRACE_MS = 10_000;

const HOOKS = { beforeAll, beforeEach, afterEach, afterAll };
/** Bun runs the hooks itself. */
const NO_HOOKS = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };

/** All tests of scripts so far, in the order in which they came. */
const known: TestDefinition[] = [];

/** What a test's conditions come to on its host. */
function decideHere(definition: TestDefinition): Decision {
  const conditions = conditionsOf(definition);
  if (definition.engine === "rr") {
    const text = "scripts record with the embedded engine";
    return { kind: "skip", note: { text, capabilities: [], missing: [] } };
  }
  const host = hostOf(definition.host, dirname(definition.location.file));
  const names = new Set(Object.values(conditions).flatMap((list) => list.flatMap(({ when }) => when)));
  return decide(conditions, "embedded", factsOf(host, names), false);
}

/** Runs a test as the body of one of Bun's. */
async function body(
  definition: TestDefinition,
  decision: Exclude<Decision, { kind: "skip" }>,
  milliseconds: number,
): Promise<void> {
  if (decision.kind === "broken") throw new Error(decision.reason);
  const folder = attemptFolder(definition);
  mkdirSync(folder.recordings);
  let kept = false;
  const stop = new AbortController();
  const late = Promise.withResolvers<never>();
  let lastTimer: Timer | undefined;
  const timer = setTimeout(() => {
    stop.abort();
    const words = `Timeout: test '${definition.name}' timed out after ${milliseconds}ms`;
    lastTimer = setTimeout(() => late.reject(new Error(words)), GRACE_MS);
  }, milliseconds);
  try {
    const around = surroundings(
      definition.location.file,
      definition,
      folder.recordings,
      stop.signal,
      (path, step) => show(path, step),
    );
    const { file } = definition.location;
    const script = { tests: known.filter(({ location }) => location.file === file), hooks: NO_HOOKS };
    const { verdict } = await Promise.race([runTest(script, definition, around, stop.signal), late.promise]);
    if (verdict.kind === "skip") {
      console.log(`(skip) ${definition.name}: ${verdict.reason}`);
      return;
    }
    const judged = judgeAttempt(verdict, decision);
    const reasons = reasonsOf(judged);
    if (!isHarmless(judged)) {
      const { trace } = folder.keep();
      kept = trace !== undefined;
      throw new Error([...reasons, ...traceLines(definition, trace)].join("\n"));
    }
    if (reasons.length > 0) console.log(`(${judged.kind}) ${definition.name}: ${reasons.join("; ")}`);
  } finally {
    clearTimeout(timer);
    clearTimeout(lastTimer);
    if (!kept) folder.remove();
  }
}

let workspace: Workspace | undefined;
/** How often each test was run: it may be repeated, and tried again. */
const turns = new Map<string, number>();

/** A folder for the recordings of one run of a test, among those that are kept; those of passes go. */
function attemptFolder({ name, location: { file } }: TestDefinition): AttemptFolder {
  if (workspace === undefined) {
    const made = new Workspace(tracesRoot());
    workspace = made;
    process.once("exit", () => made.close());
  }
  const suite = suiteOf(file);
  const turn = (turns.get(`${suite}/${name}`) ?? 0) + 1;
  turns.set(`${suite}/${name}`, turn);
  return workspace.attempt(suite, name, turn);
}

function traceLines({ name, location: { file } }: TestDefinition, trace: string | undefined): string[] {
  if (trace === undefined) return [];
  return [`trace: ${trace}`, `replay: ${replayCommand({ id: `${suiteOf(file)}/${name}` }, { trace })}`];
}

/** A line for a step, as Bun writes them for tests. */
function show(path: readonly string[], { verdict, milliseconds }: StepResult): void {
  const reason = verdict.kind === "skip" ? `: ${verdict.reason}` : ` [${milliseconds.toFixed(2)}ms]`;
  console.log(`${"  ".repeat(path.length - 1)}(${verdict.kind}) ${path.join(" > ")}${reason}`);
}

const registrar: Registrar = {
  test(definition) {
    known.push(definition);
    const { name, ignore, only, timeout = DEFAULT_TIMEOUT_SECONDS, retry, repeats } = definition;
    if (ignore) {
      test.skip(typeof ignore === "string" ? `${name} (skipped: ${ignore})` : name, () => {});
      return;
    }
    const decision = decideHere(definition);
    if (decision.kind === "skip") {
      test.skip(`${name} (skipped: ${decision.note.text})`, () => {});
      return;
    }
    const milliseconds = timeout * 1000;
    const options = {
      // Bun itself would leave the programs of a test that takes too long alone.
      timeout: milliseconds + 2 * GRACE_MS,
      ...(retry !== undefined && { retry }),
      // Bun counts the times after the first one.
      ...(repeats !== undefined && { repeats: repeats - 1 }),
    };
    const add = only ? test.only : test;
    add(name, () => body(definition, decision, milliseconds), options);
  },
  hook(name, fn) {
    HOOKS[name](fn);
  },
  group(name, fn, { ignore, only }) {
    const add = ignore ? describe.skip : only ? describe.only : describe;
    add(typeof ignore === "string" ? `${name} (skipped: ${ignore})` : name, fn);
  },
};

setRegistrar(registrar);
provideModules(process.cwd());

plugin({
  name: "tickproof",
  setup(build) {
    build.onLoad({ filter: /\.suite\.yaml$/ }, ({ path }) => {
      const manifest = loadManifest(path);
      registerManifest(manifest);
      return { exports: { default: manifest satisfies Suite }, loader: "object" };
    });
  },
});
