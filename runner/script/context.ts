/** `t`: what a test gets. Steps, skipping, and the doors to programs, counters and the host. */

import type { Reading } from "../../ffi/mod.ts";
import type { Location, StepResult, StepVerdict } from "../results/mod.ts";
import type { Signal } from "./abort-signal.ts";
import { countWhile } from "./counters.ts";
import type { ScriptHost } from "./host.ts";
import { Skipped, verdictOf } from "./outcome.ts";
import type { Program, ProgramOptions } from "./program.ts";
import type { Recording, RecordOptions } from "./recording.ts";

/** A step as one record. */
export interface StepRecord {
  name: string;
  fn: (t: TestContext) => void | Promise<void>;
  /** Not run; a text says why. @default false */
  ignore?: boolean | string;
}

/** What the context needs of whoever runs the script. */
export interface Surroundings {
  /** The host that the test's programs run on. */
  readonly host: ScriptHost;
  /** Makes recordings. */
  record(program: string, args: readonly string[], options: RecordOptions): Promise<Recording>;
  /** Builds programs. */
  compile(source: string, options: ProgramOptions): Promise<Program>;
  /** Told when a step has ended: the names from the test down to it. */
  onStep?(path: readonly string[], result: StepResult): void;
}

/** What a test or a step gets: steps, skipping, and the doors to programs, counters and the host. */
export class TestContext {
  readonly #around: Surroundings;
  readonly #location: Location;
  readonly #steps: StepResult[] = [];
  #pending: string | undefined;

  /**
   * @internal
   * @param name The test's or step's name.
   * @param parent The test or step that it belongs to.
   * @param signal Aborted when the test is to end: its time is up, or the run is ended.
   */
  constructor(
    readonly name: string,
    around: Surroundings,
    location: Location,
    readonly signal: Signal,
    readonly parent?: TestContext,
  ) {
    this.#around = around;
    this.#location = location;
  }

  /**
   * What the test's host (this one, or the described one that the test names) can do, with the evidence.
   *
   * @example if (!t.host.has("pmu")) t.skip(t.host.finding("pmu").evidence);
   */
  get host(): ScriptHost {
    return this.#around.host;
  }

  /** The names from the test down to here. */
  get path(): readonly string[] {
    return [...(this.parent?.path ?? []), this.name];
  }

  /** Path of the script. */
  get origin(): string {
    return this.#location.file;
  }

  /** Steps that have ended so far. */
  get steps(): readonly StepResult[] {
    return this.#steps;
  }

  /** The step that runs now; undefined if none does. */
  get pendingStep(): string | undefined {
    return this.#pending;
  }

  /**
   * Runs a part of the test under a name of its own. A step that fails makes the test fail, which goes on.
   *
   * @example await t.step("replays", async () => { await assertReplays(recording); });
   * @returns Whether the step passed; false also for one that was skipped.
   * @throws {TypeError} If another step of this test runs: await it first.
   */
  async step(step: StepRecord): Promise<boolean>;
  async step(name: string, fn: StepRecord["fn"]): Promise<boolean>;
  async step(first: string | StepRecord, fn?: StepRecord["fn"]): Promise<boolean> {
    const step: StepRecord = typeof first === "string" ? { name: first, fn: fn as StepRecord["fn"] } : first;
    if (this.#pending !== undefined) {
      throw new TypeError(
        `Cannot start the step '${step.name}' while '${this.#pending}' runs: await that first`,
      );
    }
    this.#pending = step.name;
    const inner = new TestContext(step.name, this.#around, this.#location, this.signal, this);
    const started = performance.now();
    const verdict: StepVerdict = step.ignore
      ? { kind: "skip", reason: typeof step.ignore === "string" ? step.ignore : "ignored by the script" }
      : await runBody(inner, step.fn, this.#location);
    this.#pending = undefined;
    const milliseconds = performance.now() - started;
    const result = { name: step.name, verdict, milliseconds, steps: inner.steps };
    this.#steps.push(result);
    this.#around.onStep?.(inner.path, result);
    return verdict.kind === "pass";
  }

  /**
   * Ends this test or step here, without a failure.
   *
   * @example t.skip("no network here");
   * @param reason Shown in the summary.
   * @throws Always.
   */
  skip(reason: string): never {
    if (reason.trim() === "") throw new TypeError("Cannot skip without a reason: say why");
    throw new Skipped(reason);
  }

  /**
   * Runs a program natively under the engine and keeps a trace of it.
   *
   * @param program A source (`.c`, `.cc`, `.cpp`, `.S`) or a path, relative to the script; or a program of the host.
   * @example
   * await using recording = await t.record("loop.c", ["10"], { signals: [{ send: "SIGUSR1", at: { ticks: 1000 } }] });
   * @returns The recording; `await using` deletes it at the end.
   */
  record(program: string, args: readonly string[] = [], options: RecordOptions = {}): Promise<Recording> {
    return this.#around.record(program, args, options);
  }

  /**
   * Counts events of this process while something runs: see `countWhile`.
   *
   * @example const { "page-faults": faults } = await t.counters(["page-faults"], () => touch(memory));
   */
  counters(events: readonly string[], fn: () => void | Promise<void>): Promise<Record<string, Reading>> {
    return countWhile(events, fn);
  }

  /**
   * Builds a program.
   *
   * @param source Path of a source, relative to the script.
   * @param options Flags of the compiler, or an object that has them.
   * @example const { path } = await t.compile("primes.c", ["-O2", "-lm"]);
   * @returns The program; it is kept by content, so that the next build of the same costs nothing.
   */
  compile(source: string, options: ProgramOptions | readonly string[] = {}): Promise<Program> {
    return this.#around.compile(source, isFlags(options) ? { flags: options } : options);
  }
}

function isFlags(options: ProgramOptions | readonly string[]): options is readonly string[] {
  return Array.isArray(options);
}

/** Runs the body of a test or a step to its verdict: its own, or what its steps make of it. */
export async function runBody(
  t: TestContext,
  fn: (t: TestContext) => void | Promise<void>,
  location: Location,
): Promise<StepVerdict> {
  try {
    await fn(t);
  } catch (error) {
    return verdictOf(error, location);
  }
  if (t.pendingStep !== undefined) {
    return {
      kind: "fail",
      reasons: [`the step '${t.pendingStep}' has not ended: write 'await' before t.step(…)`],
    };
  }
  const failed = t.steps.filter(({ verdict }) => verdict.kind === "fail");
  if (failed.length === 0) return { kind: "pass" };
  return {
    kind: "fail",
    reasons: failed.flatMap(({ name, verdict }) =>
      verdict.kind === "fail" ? verdict.reasons.map((reason) => `step '${name}': ${reason}`) : [],
    ),
  };
}
