/** The scripts of a run: their tests as the runner knows them, and their processes, one for each script. */
import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ManifestError } from "../../errors/mod.ts";
import { checkConditions, conditionsSchema } from "../../manifest/conditions.ts";
import { DEFAULT_TIMEOUT_SECONDS } from "../../script/definition.ts";
import { hostName } from "../../script/host.ts";
import type { TestDescription } from "../../script/protocol.ts";
import { type ScriptEnd, type ScriptRun, ScriptSession } from "../../script/session.ts";
import type { ScriptProblem, TestCase } from "../types.ts";

/** What a script is called in the ids of its tests: its name without what says that it is one. */
export function suiteOf(path: string): string {
  return basename(path)
    .replace(/\.([mc]?[jt]sx?)$/, "")
    .replace(/[._](test|spec|script)$/, "");
}

/** Whether a path is that of a script. */
export function isScript(path: string): boolean {
  return /\.[mc]?[jt]sx?$/.test(path);
}

/**
 * The conditions that a script gives for a test.
 *
 * @throws {UsageError} With the test's place, for what is no condition.
 */
export function conditionsOf(test: TestDescription): TestCase["conditions"] {
  const at = `${test.location.file}:${test.location.line}`;
  const result = conditionsSchema.safeParse(test);
  if (!result.success) {
    throw new ManifestError(`${at}: the test '${test.name}': ${z.prettifyError(result.error)}`);
  }
  const [wrong] = checkConditions(result.data);
  if (wrong) throw new ManifestError(`${at}: the test '${test.name}': ${wrong.message}`);
  return result.data;
}

function skipOf({ ignore, only }: TestDescription, somebodyIsOnly: boolean): string | undefined {
  if (ignore) return typeof ignore === "string" ? ignore : "ignored by the script";
  return somebodyIsOnly && !only ? "another test of its script has 'only'" : undefined;
}

/** The tests of a script as the runner knows them. */
function testsOf(path: string, descriptions: readonly TestDescription[]): TestCase[] {
  const suite = suiteOf(path);
  const somebodyIsOnly = descriptions.some(({ only }) => only);
  return descriptions.map((test, index) => ({
    id: `${suite}/${test.name}`,
    suite,
    name: test.name,
    location: test.location,
    target: { kind: "script", path, index },
    args: [],
    stdin: undefined,
    environment: {},
    cwd: dirname(path),
    timeoutSeconds: test.timeout ?? DEFAULT_TIMEOUT_SECONDS,
    alone: false,
    weight: 1,
    // The tests of a script share its process.
    exclusive: [`script ${path}`],
    tags: test.tags ?? [],
    retry: test.retry,
    repeat: test.repeats,
    skip: skipOf(test, somebodyIsOnly),
    engine: test.engine ?? "embedded",
    host: test.host === undefined ? undefined : hostName(test.host, dirname(path)),
    conditions: conditionsOf(test),
    expect: {},
  }));
}

/** Loads scripts, runs their tests, and ends their processes. */
export class ScriptSessions implements AsyncDisposable {
  readonly #open = new Map<string, ScriptSession>();
  readonly #onlyIn = new Set<string>();
  readonly #output: string;

  /** @param folder An existing folder, for what scripts print. */
  constructor(folder: string) {
    this.#output = folder;
  }

  /**
   * Loads a script.
   *
   * @returns Its tests.
   * @throws {UsageError} If it can't be loaded, has no tests, or conditions of them are wrong.
   */
  async load(path: string): Promise<TestCase[]> {
    const { tests } = await this.#session(path);
    if (tests.length === 0) {
      throw new ManifestError(
        `the script ${path} has no tests: add one with test(name, fn) from "tickproof"`,
      );
    }
    if (tests.some(({ only }) => only)) this.#onlyIn.add(path);
    return testsOf(path, tests);
  }

  /** Runs a test of a script once; one at a time of each script. */
  async run(path: string, run: ScriptRun): Promise<ScriptEnd> {
    const session = await this.#session(path);
    const end = await session.run(run);
    if (end.kind !== "ended") this.#open.delete(path);
    return end;
  }

  /** File that a script's output goes to. */
  outputOf(path: string): string {
    return join(this.#output, `${suiteOf(path)}.output`);
  }

  /** Runs the last hooks and ends all processes. @returns What is wrong with scripts as a whole. */
  async close(): Promise<ScriptProblem[]> {
    const problems: ScriptProblem[] = [...this.#onlyIn].map((path) => ({
      path,
      reason: "'only' keeps the other tests from being run: take it out before this is kept",
    }));
    for (const [path, session] of this.#open) {
      for (const reason of await session.close()) problems.push({ path, reason });
    }
    this.#open.clear();
    return problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#open.values()) await session[Symbol.asyncDispose]();
  }

  async #session(path: string): Promise<ScriptSession> {
    const known = this.#open.get(path);
    if (known) return known;
    mkdirSync(this.#output, { recursive: true });
    const session = await ScriptSession.open(path, this.outputOf(path));
    this.#open.set(path, session);
    return session;
  }
}
