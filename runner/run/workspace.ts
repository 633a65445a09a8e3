/** The folders of a run: one per attempt, with its trace and outputs, of which only some are kept. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { claim, giveBack, isAbandoned, KEPT_FOLDER, makeNumbered, traceIn } from "../files/mod.ts";
import { fileNameOf } from "../text/mod.ts";

/** Which attempts' folders are kept. */
export const KEEP = ["failed", "all", "none"] as const;
export type Keep = (typeof KEEP)[number];

/** In the folder of an attempt until it is decided that it is kept. */
const UNFINISHED = ".unfinished";
const FIXTURES = "fixtures";

/** The files of one attempt. */
export class AttemptFolder {
  readonly path: string;

  constructor(path: string) {
    mkdirSync(path);
    this.path = path;
    writeFileSync(join(path, UNFINISHED), "");
  }

  get trace(): string {
    return join(this.path, "trace");
  }

  /** Folder of the recordings that a script makes, each in a folder of its own with its trace. */
  get recordings(): string {
    return join(this.path, "recordings");
  }

  /** Working folder of a program that has files of its own. */
  get work(): string {
    return join(this.path, "work");
  }

  /** A file of a phase: its stdout, stderr, report or log. */
  file(phase: string, what: "stdout" | "stderr" | "report.json" | "log" | "progress" | "stdin"): string {
    return join(this.path, `${phase}.${what}`);
  }

  /** A file of what is set up for a phase, or torn down behind it. */
  fixtureFile(phase: string, what: string): string {
    return join(this.path, `${phase}.${what}`);
  }

  /** Keeps it: all that belongs to it is there. @returns Where a reader finds it. */
  keep(): { folder: string; trace?: string } {
    rmSync(join(this.path, UNFINISHED));
    const trace = traceIn(this.path);
    return { folder: this.path, ...(trace !== undefined && { trace }) };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The folder of a whole run. */
export class Workspace {
  readonly path: string;
  readonly #release: () => void;

  /** @param root Folder to make it in. */
  constructor(root: string) {
    const runs = join(root, KEPT_FOLDER);
    clearKilled(runs);
    this.path = makeNumbered(runs, "run");
    this.#release = claim(this.path);
  }

  /** Folder for what fixtures of several tests print. */
  get fixtures(): string {
    return join(this.path, FIXTURES);
  }

  /** Makes the folder of an attempt. */
  attempt(suite: string, test: string, number: number, retry = 0): AttemptFolder {
    const again = retry === 0 ? "" : `-${retry}`;
    return new AttemptFolder(join(this.path, `${suite}.${fileNameOf(test)}.${number}${again}`));
  }

  /** Takes the folder away if nothing in it was kept. */
  close(): void {
    this.#release();
    removeEmpty(this.path, dirname(this.path));
  }
}

/** Removes folders in turn, up to the first that has something in it. */
function removeEmpty(...folders: readonly string[]): void {
  for (const folder of folders) {
    if (readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

/** Takes away what runs have left that were killed: attempts that had not come to their end. What was kept by then is whole. */
function clearKilled(runs: string): void {
  for (const name of existsSync(runs) ? readdirSync(runs) : []) {
    const run = join(runs, name);
    if (!isAbandoned(run)) continue;
    for (const entry of readdirSync(run)) {
      const path = join(run, entry);
      if (entry === FIXTURES || existsSync(join(path, UNFINISHED)))
        rmSync(path, { recursive: true, force: true });
    }
    giveBack(run);
    removeEmpty(run);
  }
}
