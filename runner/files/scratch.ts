/** Temporary folders, which are gone at the next start at the latest, however the process that has made them ends. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claim, isAbandoned } from "./claim.ts";

const PREFIX = "tickproof-";

let isSwept = false;

/**
 * A temporary folder. Dispose it: that removes it with all that is in it. So does the end of this process, where nobody
 * comes to dispose it (a second Ctrl-C waits for nothing).
 */
export class Scratch implements Disposable {
  readonly path: string;
  readonly #release: () => void;

  /** @param what It is for, a word: it becomes part of its name. */
  constructor(what: string) {
    if (!isSwept) sweep();
    isSwept = true;
    this.path = mkdtempSync(join(tmpdir(), `${PREFIX}${what}-`));
    this.#release = claim(this.path);
    process.once("exit", this.#remove);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
    this.#release();
  }
}

/** Removes what processes have left that were killed. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (name.startsWith(PREFIX) && isAbandoned(path)) rmSync(path, { recursive: true, force: true });
  }
}
