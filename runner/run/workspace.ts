/** The folders of a run: one per attempt, with its trace and outputs, of which only some are kept. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeNumbered } from "../traces.ts";

/** Which attempts' folders are kept. */
export const KEEP = ["failed", "all", "never"] as const;
export type Keep = (typeof KEEP)[number];

/** The files of one attempt. */
export class AttemptFolder {
  readonly path: string;

  constructor(path: string) {
    mkdirSync(path);
    this.path = path;
  }

  get trace(): string {
    return join(this.path, "trace");
  }

  /** A file of a phase: its stdout, stderr, report or log. */
  file(phase: string, what: "stdout" | "stderr" | "report.json" | "log" | "stdin"): string {
    return join(this.path, `${phase}.${what}`);
  }

  /** Where a reader finds what was kept. */
  whereabouts(): { folder: string; trace?: string } {
    return existsSync(this.trace) ? { folder: this.path, trace: this.trace } : { folder: this.path };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The folder of a whole run. */
export class Workspace {
  readonly path: string;

  /** @param root Folder to make it in. */
  constructor(root: string) {
    this.path = makeNumbered(join(root, "suites"), "run");
  }

  /** Makes the folder of an attempt. */
  attempt(suite: string, test: string, number: number): AttemptFolder {
    return new AttemptFolder(join(this.path, `${suite}.${test}.${number}`));
  }

  /** Takes the folder away if nothing in it was kept. */
  close(): void {
    for (const folder of [this.path, dirname(this.path)]) {
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
    }
  }
}
