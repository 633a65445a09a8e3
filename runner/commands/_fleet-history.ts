/** The history of a run on a fleet: a run of it for each host, as if it had been made there. */

import { UsageError } from "../errors/mod.ts";
import type { RegisteredAgent } from "../fleet/mod.ts";
import { History, RunWriter, type StorePlace } from "../history/mod.ts";
import type { Attempt } from "../results/mod.ts";
import type { TestCase } from "../run/mod.ts";

/** One run on several hosts, on its way into the history. */
export class FleetHistory implements AsyncDisposable {
  readonly #place: StorePlace;
  readonly #keep: number | undefined;
  readonly #warn: (words: string) => void;
  readonly #startedAt = new Date().toISOString();
  readonly #writers = new Map<string, RunWriter>();
  #opened: Promise<History | undefined> | undefined;

  /** @param keep Runs that are kept at most; undefined keeps all. */
  constructor(place: StorePlace, keep: number | undefined, warn: (words: string) => void) {
    this.#place = place;
    this.#keep = keep;
    this.#warn = warn;
  }

  /** Adds an attempt. @param agent Who has made it; undefined for what no host was asked for. */
  async add(agent: RegisteredAgent | undefined, test: TestCase, attempt: Attempt): Promise<void> {
    const writer = await this.#writerOf(agent);
    writer.report({ kind: "attempt-finished", test, attempt });
  }

  /** The run has come to its end, or was interrupted. */
  async finish(interrupted: boolean): Promise<void> {
    for (const writer of this.#writers.values()) {
      writer.finish(interrupted);
      await writer.settle();
    }
  }

  async #writerOf(agent: RegisteredAgent | undefined): Promise<RunWriter> {
    const key = agent?.name ?? "";
    const known = this.#writers.get(key);
    if (known !== undefined) return known;
    this.#opened ??= this.#open();
    const history = await this.#opened;
    const host = agent && {
      startedAt: this.#startedAt,
      host: agent.name,
      cpu: agent.facts.cpu,
      kernel: agent.facts.kernel,
      version: agent.version,
      bun: agent.facts.bun,
    };
    const writer = new RunWriter({
      ...{ history, place: this.#place, keep: this.#keep, warn: this.#warn },
      ...(host && { info: host }),
    });
    writer.begin();
    this.#writers.set(key, writer);
    return writer;
  }

  async #open(): Promise<History | undefined> {
    try {
      return await History.open(this.#place);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#warn(`warning: ${error.message}; this run is not added`);
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#writers.values()) await writer.settle();
    await (await this.#opened)?.[Symbol.asyncDispose]();
  }
}
