/** Snapshots: outputs that are kept beside a manifest, in `__snapshots__`, for `expect.stdout: { snapshot: true }`. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { writeWhole } from "../../files/mod.ts";
import { fileNameOf } from "../../text/mod.ts";
import type { TestCase } from "../types.ts";
import { compareOutput } from "./compare.ts";
import type { Mismatch } from "./mismatch.ts";

const STREAMS = ["stdout", "stderr"] as const;
type Outputs = Readonly<Record<(typeof STREAMS)[number], Buffer>>;

/** What becomes of a snapshot that is not there, or is another one. */
export type SnapshotMode =
  /** Both fail: nobody would look at a new one in CI. */
  | "compare"
  /** One that is not there is written. */
  | "write-missing"
  /** All are written anew. */
  | "update";

/** What is done where the command line does not say: a machine (`CI=true`) must not write what it is to check. */
export function usualMode(environment: NodeJS.ProcessEnv = process.env): SnapshotMode {
  return isMachine(environment) ? "compare" : "write-missing";
}

/** Whether nobody looks at what is written here: in CI. */
export function isMachine(environment: NodeJS.ProcessEnv = process.env): boolean {
  return !["", "0", "false"].includes(environment.CI ?? "");
}

/** The snapshots of a run. */
export class Snapshots {
  readonly #mode: SnapshotMode;
  readonly #written = new Set<string>();

  constructor(mode: SnapshotMode = usualMode()) {
    this.#mode = mode;
  }

  /** Files that were written, from the working directory. */
  get written(): readonly string[] {
    return [...this.#written].map((path) => relative(process.cwd(), path));
  }

  /** Compares outputs with their snapshots, as far as there are any to compare with. */
  check(test: TestCase, outputs: Outputs): Mismatch[] {
    return STREAMS.flatMap((stream): Mismatch[] => {
      const path = this.#fileOf(test, stream);
      if (path === undefined || this.#isToBeWritten(path)) return [];
      const name = relative(process.cwd(), path);
      const about = `${stream} snapshot`;
      if (!existsSync(path)) {
        const reason = `${stream} has no snapshot ${name}, and CI writes none: run the test elsewhere, and add the file`;
        return [{ about, reason }];
      }
      const [expected, found] = [readFileSync(path), outputs[stream]];
      const [difference] = compareOutput(stream, expected, found, ["the snapshot has", "found"]);
      if (difference === undefined) return [];
      return [
        {
          about,
          reason: `${difference}; if that is right, --update-snapshots writes ${name} anew`,
          texts: { stream, against: `the snapshot ${name}`, expected, found },
        },
      ];
    });
  }

  /** Keeps the outputs of an attempt that has passed, where their snapshots are to be written. */
  keep(test: TestCase, outputs: Outputs): void {
    for (const stream of STREAMS) {
      const path = this.#fileOf(test, stream);
      if (path === undefined || !this.#isToBeWritten(path)) continue;
      mkdirSync(join(path, ".."), { recursive: true });
      writeWhole(path, outputs[stream]);
      this.#written.add(path);
    }
  }

  #fileOf({ suite, name, cwd, expect }: TestCase, stream: (typeof STREAMS)[number]): string | undefined {
    if (!expect[stream]?.snapshot) return undefined;
    return join(cwd, "__snapshots__", `${suite}.${fileNameOf(name)}.${stream}`);
  }

  /** What was written in this run is compared with from then on. */
  #isToBeWritten(path: string): boolean {
    if (this.#mode === "compare" || this.#written.has(path)) return false;
    return this.#mode === "update" || !existsSync(path);
  }
}
