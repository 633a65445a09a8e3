/** The folders of a run: one per attempt, with its trace and outputs, of which only some are kept. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { KEPT_FOLDER, makeNumbered, traceIn } from "../files/mod.ts";
import { fileNameOf } from "../text/mod.ts";

/** Which attempts' folders are kept. */
export const KEEP = ["failed", "all", "none"] as const;
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

  /** Where a reader finds what was kept. */
  whereabouts(): { folder: string; trace?: string } {
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

  /** @param root Folder to make it in. */
  constructor(root: string) {
    this.path = makeNumbered(join(root, KEPT_FOLDER), "run");
  }

  /** Folder for what fixtures of several tests print. */
  get fixtures(): string {
    return join(this.path, "fixtures");
  }

  /** Makes the folder of an attempt. */
  attempt(suite: string, test: string, number: number, retry = 0): AttemptFolder {
    const again = retry === 0 ? "" : `-${retry}`;
    return new AttemptFolder(join(this.path, `${suite}.${fileNameOf(test)}.${number}${again}`));
  }

  /** Takes the folder away if nothing in it was kept. */
  close(): void {
    for (const folder of [this.path, dirname(this.path)]) {
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
    }
  }
}
