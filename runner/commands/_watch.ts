/** `suites --watch`: runs the tests again whenever one of their files changes, each time in a process of its own. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { say } from "../output/mod.ts";
import { includeFolders, readSources } from "../programs/sources.ts";
import type { TestCase } from "../run/mod.ts";

/** Changes that come within so many milliseconds belong together: editors write a file in several steps. */
const TOGETHER_MS = 100;

/** The files that tests depend on: manifests and scripts, sources with their headers, files to copy. */
export function watchedFiles(paths: readonly string[], tests: readonly TestCase[]): string[] {
  const sources = tests.flatMap(({ target }) =>
    target.kind === "source"
      ? [target.path, ...(target.more ?? [])].flatMap((source) =>
          readSources(source, includeFolders(target.flags ?? [], target.folder ?? dirname(source))).map(
            ({ path }) => path,
          ),
        )
      : [],
  );
  const copied = tests.flatMap(({ files = {}, cwd }) =>
    Object.values(files).flatMap((content) =>
      typeof content === "string" ? [] : [resolve(cwd, content.copy)],
    ),
  );
  const scripts = tests.flatMap(({ target }) => (target.kind === "script" ? [target.path] : []));
  return [...new Set([...paths, ...sources, ...copied, ...scripts])];
}

/** Tells of changes to files until it is disposed. Folders are watched, since editors replace files. */
class Changes implements Disposable {
  readonly #watchers: FSWatcher[];
  #changed: (() => void) | undefined;

  constructor(files: readonly string[]) {
    const byFolder = Map.groupBy(files, (file) => dirname(file));
    this.#watchers = [...byFolder].map(([folder, members]) => {
      const names = new Set(members.map((file) => basename(file)));
      return watch(folder, (_, name) => {
        if (name !== null && names.has(name)) this.#changed?.();
      });
    });
  }

  /** Waits for the next change. */
  next(abort: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      abort.addEventListener("abort", () => resolve(), { once: true });
      this.#changed = () => {
        this.#changed = undefined;
        setTimeout(resolve, TOGETHER_MS);
      };
    });
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}

/**
 * Runs a command, and again after each change, until it is ended by a signal.
 *
 * @param files What is watched.
 * @param command Runs the tests once.
 * @param abort Ends it.
 */
export async function watchAndRun(
  files: readonly string[],
  command: readonly string[],
  abort: AbortSignal,
): Promise<void> {
  using changes = new Changes(files);
  while (!abort.aborted) {
    const changed = changes.next(abort);
    const child = Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"] });
    const end = () => child.kill("SIGTERM");
    abort.addEventListener("abort", end);
    await child.exited;
    abort.removeEventListener("abort", end);
    if (!abort.aborted)
      say("tickproof: waiting for a change of a manifest, a script or a source (Ctrl-C ends)\n");
    await changed;
  }
}
