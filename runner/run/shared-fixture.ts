/**
 * Fixtures that several tests share, those of manifests and of the whole run: set up before the first test that needs
 * them, torn down behind the last.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Fixture, FixtureAborted, FixtureFailure, type StandingFixture, setUp } from "./fixture.ts";

/** A fixture of a manifest or of the run; tests that share it have the same object. */
export interface SharedFixture extends Fixture {
  /** "the manifest core.yaml", "the run". */
  of: string;
  /** Folder that its programs run in, and that their paths are relative to. */
  cwd: string;
  /** For each of its programs that names none. */
  timeoutSeconds: number;
}

/** What a test has of its shared fixtures. */
export type Shared = { environment: Readonly<Record<string, string>> } | { broken: string } | "aborted";

/** The shared fixtures of one run. */
export class SharedFixtures {
  readonly #folder: string;
  readonly #abort: AbortSignal;
  /** In the order in which they were set up. */
  readonly #standing = new Map<SharedFixture, Promise<StandingFixture>>();
  /** Uses that are still to come; none are known where a run has no end of its own. */
  readonly #uses: Map<SharedFixture, number>;
  readonly #failures: string[] = [];
  #made = 0;

  /**
   * @param folder For the output of programs; made here, and removed in the end.
   * @param uses How often each will be used, where that is known: it is torn down behind the last use.
   */
  constructor(folder: string, uses: ReadonlyMap<SharedFixture, number>, abort: AbortSignal) {
    this.#folder = folder;
    this.#uses = new Map(uses);
    this.#abort = abort;
  }

  /** What teardowns had to say that went wrong. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Lets fixtures stand for a test, the outer one first. */
  async enter(fixtures: readonly SharedFixture[]): Promise<Shared> {
    const environment: Record<string, string> = {};
    try {
      for (const fixture of fixtures) {
        const setting = this.#standing.get(fixture) ?? this.#setUp(fixture, { ...environment });
        this.#standing.set(fixture, setting);
        Object.assign(environment, (await setting).environment);
      }
    } catch (error) {
      if (error instanceof FixtureAborted) return "aborted";
      if (error instanceof FixtureFailure) return { broken: error.message };
      throw error;
    }
    return { environment };
  }

  /** A use of fixtures is over. */
  async leave(fixtures: readonly SharedFixture[]): Promise<void> {
    for (const fixture of fixtures.toReversed()) {
      const left = this.#uses.get(fixture);
      if (left === undefined) continue;
      this.#uses.set(fixture, left - 1);
      if (left === 1) await this.#tearDown(fixture);
    }
  }

  /** Tears down whatever stands, the last one first. */
  async close(): Promise<void> {
    for (const fixture of [...this.#standing.keys()].toReversed()) await this.#tearDown(fixture);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #setUp(fixture: SharedFixture, environment: Record<string, string>): Promise<StandingFixture> {
    const folder = join(this.#folder, String(++this.#made));
    mkdirSync(folder, { recursive: true });
    return setUp(fixture, {
      of: fixture.of,
      cwd: fixture.cwd,
      base: fixture.cwd,
      environment,
      timeoutSeconds: fixture.timeoutSeconds,
      file: (what) => join(folder, what),
      abort: this.#abort,
    });
  }

  async #tearDown(fixture: SharedFixture): Promise<void> {
    const setting = this.#standing.get(fixture);
    this.#standing.delete(fixture);
    // One that could not be set up has said so, and stands no more.
    const standing = await setting?.catch(() => undefined);
    try {
      await standing?.tearDown();
    } catch (error) {
      if (!(error instanceof FixtureFailure)) throw error;
      this.#failures.push(error.message);
    }
  }
}
