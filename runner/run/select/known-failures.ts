/**
 * Known failures: a file with the ids of tests that fail and are not mended yet, one a line, each with a reason behind a
 * '#'. It shrinks: what passes is taken out of it, and nothing is added unless that is asked for.
 */

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { UsageError } from "../../errors/mod.ts";
import { writeWhole } from "../../files/mod.ts";
import { isMachine } from "../compare/mod.ts";
import type { RunSummary, TestCase } from "../types.ts";

interface Entry {
  id: string;
  reason: string;
  /** From 1. */
  line: number;
}

/** What became of the file after a run. */
export interface FileChange {
  removed: readonly string[];
  added: readonly string[];
}

/** The known failures of one file, marked while tests end, and rewritten behind the run. */
export class KnownFailures {
  readonly #path: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  /**
   * @param path The file.
   * @param mayBeMissing It is to be written.
   * @throws {UsageError} If it is not there.
   */
  constructor(path: string, mayBeMissing: boolean) {
    this.#path = path;
    if (!existsSync(path) && !mayBeMissing) {
      throw new UsageError(
        `there is no file '${path}' of known failures: --update-known-failures writes one with what fails now`,
      );
    }
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    this.#entries = new Map(
      lines.flatMap((text, index) => {
        const entry = parse(text, index + 1);
        return entry === undefined ? [] : [[entry.id, entry]];
      }),
    );
  }

  /** Marks the tests that are in the file. */
  mark(tests: readonly TestCase[]): TestCase[] {
    return tests.map((test) => {
      const entry = this.#entries.get(test.id);
      if (entry === undefined) return test;
      const words = entry.reason === "" ? "" : `: ${entry.reason}`;
      const place = `${relative(process.cwd(), this.#path)}:${entry.line}`;
      // A machine can't keep the shorter file: the run fails there until somebody has done so.
      return { ...test, known: { reason: `known failure (${place})${words}`, place, strict: isMachine() } };
    });
  }

  /**
   * Takes out of the file what passes now; a machine changes nothing.
   *
   * @param grow Also add what fails.
   */
  update({ results, interrupted }: RunSummary, grow: boolean): FileChange {
    const passed = results.filter(
      ({ test, verdict }) => verdict.kind === "pass" && this.#entries.has(test.id),
    );
    const failed = results.filter(
      ({ test, verdict }) => ["fail", "timeout"].includes(verdict.kind) && !this.#entries.has(test.id),
    );
    const removed = isMachine() || interrupted ? [] : passed.map(({ test }) => test.id);
    const added = grow && !interrupted ? failed.map(({ test }) => test.id) : [];
    if (removed.length + added.length > 0 || (grow && !existsSync(this.#path))) {
      const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
      const kept = text.split("\n").filter((line) => !removed.includes(parse(line, 0)?.id ?? ""));
      while (kept.at(-1) === "") kept.pop();
      writeWhole(this.#path, [...kept, ...added, ""].join("\n"));
    }
    return { removed, added };
  }
}

/** "suite/name  # reason"; undefined for a line with nothing but that reason. */
function parse(text: string, line: number): Entry | undefined {
  const [, id = "", reason = ""] = /^\s*(.*?)\s*(?:(?:^|\s)#\s*(.*?)\s*)?$/.exec(text) ?? [];
  return id === "" ? undefined : { id, reason, line };
}
