/** Compiled code: where it is, and whether it is still what the sources say. */
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** The package, or the checkout. */
export const ROOT = resolve(import.meta.dir, "../..");

/** Folder of the compiled code: the package ships it, in a checkout the script "prepare" makes it. */
export const COMPILED = join(ROOT, "compiled");

/** The compiled program, and what says what it was made of. */
export const ENTRY = join(COMPILED, "entry.js");
export const MANIFEST = join(COMPILED, "sources.json");

/** What compiled code was made of. */
export interface CompiledSources {
  /** Version of Bun that compiled it: bytecode of another one is worth nothing. */
  bun: string;
  /** Path in the package, size and time of the last change of every source. */
  files: readonly (readonly [path: string, size: number, mtimeMs: number])[];
}

/** Commands that are compiled. */
const COMMANDS: ReadonlySet<string | undefined> = new Set(["record", "replay"]);

/**
 * Finds the compiled code for a command line.
 *
 * @returns Its path; undefined where the sources are to be run: it is another command, nothing was compiled, or a
 *   source has changed since. A described host needs more of the runner than was compiled.
 */
export function compiledEntry(argv: readonly string[]): string | undefined {
  if (!COMMANDS.has(argv[0]) || argv.some((word) => /^--host\b/.test(word))) return undefined;
  let sources: CompiledSources;
  try {
    sources = JSON.parse(readFileSync(MANIFEST, "utf8")) as CompiledSources;
  } catch {
    return undefined; // nothing was compiled, or not to its end
  }
  return isCurrent(sources) ? ENTRY : undefined;
}

/**
 * Whether compiled code is what the sources and this Bun would give.
 *
 * @param root The package. What a package manager has installed is not edited, and its times are none: those are not
 *   looked at.
 */
export function isCurrent({ bun, files }: CompiledSources, root: string = ROOT): boolean {
  if (bun !== Bun.version || !Array.isArray(files)) return false;
  if (root.includes("/node_modules/")) return true;
  return files.every(([path, size, mtimeMs]) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    return stat !== undefined && stat.size === size && stat.mtimeMs === mtimeMs;
  });
}
