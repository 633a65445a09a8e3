/**
 * Finds manifests and scripts: what the command line names, else what the settings include, else all that lie below
 * the working directory. A project has YAML files and tests of other kinds too, so that what is not named is looked
 * into: a manifest has `suite` and `tests` at its top, a script imports "tickproof".
 */
import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { isErrnoException } from "../../engine/errno-exception.ts";
import { didYouMean } from "../../ffi/mod.ts";
import { NothingMatched, UsageError } from "../errors/mod.ts";
import { isScript } from "../run/mod.ts";

/** Larger files are no manifests and no scripts that somebody has written. */
const MAX_BYTES = 1_000_000;
/** Folders below the one that is searched; deeper ones are none that people put tests into. */
const MAX_DEPTH = 20;

const isManifest = (name: string): boolean => /\.ya?ml$/.test(name);
const isGlob = (word: string): boolean => /[*?[{]/.test(word);
/** Packages of others, and what tools keep for themselves. */
const isForeign = (name: string): boolean => name === "node_modules" || name.startsWith(".");

/**
 * Looks at something that nobody has named. What this user may not read, or is gone by now, has no manifests in it for them: a
 * database's folder of somebody else's lies in many projects.
 */
function look<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (isErrnoException(error, "EACCES", "EPERM", "ENOENT", "ENOTDIR")) return otherwise;
    throw error;
  }
}

/** The text of a file that may be a manifest or a script; "" for what is none, or too large. */
function textOf(path: string): string {
  return statSync(path).size > MAX_BYTES ? "" : readFileSync(path, "utf8");
}

/** Whether a file's text is that of a manifest or a script. */
function isOurs(path: string): boolean {
  if (!isManifest(path) && !isScript(path)) return false;
  const text = look(() => textOf(path), "");
  if (isManifest(path)) return /^["']?suite["']?\s*:/m.test(text) && /^["']?tests["']?\s*:/m.test(text);
  return /\bfrom\s*["']tickproof["']/.test(text) && /\.(test|spec|script)\.\w+$/.test(path);
}

/** Files below a folder, in the order of their paths; links are not followed. */
function filesBelow(folder: string, depth = 0): string[] {
  const byName = (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1);
  const entries = look(() => readdirSync(folder, { withFileTypes: true }), []).sort(byName);
  return entries.flatMap((entry) => {
    const path = normalize(join(folder, entry.name));
    if (entry.isDirectory())
      return isForeign(entry.name) || depth >= MAX_DEPTH ? [] : filesBelow(path, depth + 1);
    return entry.isFile() ? [path] : [];
  });
}

/** Manifests and scripts below a folder. */
function below(folder: string): string[] {
  return filesBelow(folder).filter(isOurs);
}

/** Files that match, by Bun's own search; undefined where it met a folder that may not be read, at which it gives up. */
function scan(glob: string): string[] | undefined {
  const [cwd, pattern] = isAbsolute(glob) ? ["/", glob.slice(1)] : [".", glob];
  const found = look(() => [...new Bun.Glob(pattern).scanSync({ cwd, onlyFiles: true })].sort(), undefined);
  return found
    ?.filter((path) => !path.split("/").includes("node_modules"))
    .map((path) => (cwd === "/" ? `/${path}` : path));
}

/** Files that match, of those below the folder that the glob begins with. */
function match(glob: string): string[] {
  const parts = glob.split("/");
  const folder = parts.slice(0, parts.findIndex(isGlob)).join("/") || (isAbsolute(glob) ? "/" : ".");
  const pattern = new Bun.Glob(normalize(glob));
  return filesBelow(folder).filter((path) => pattern.match(path));
}

function matching(glob: string): string[] {
  // A glob that says more than "all" names its files; `tests/**` still leaves out what is of another kind.
  return (scan(glob) ?? match(glob)).filter(isOurs);
}

/** What one word stands for. @param whose Says it, for errors: "" for the command line. */
function resolveWord(word: string, whose: string): string[] {
  if (existsSync(word)) {
    if (!statSync(word).isDirectory()) return [word];
    const found = below(word);
    if (found.length === 0) throw new NothingMatched(`${whose}there is no manifest or script below ${word}`);
    return found;
  }
  if (!isGlob(word)) {
    const near = didYouMean(word, below("."));
    throw new UsageError(
      `${whose}there is no file or folder '${word}'${near || ": name a manifest, a script or a folder"}`,
    );
  }
  const found = matching(word);
  if (found.length === 0) throw new NothingMatched(`${whose}no manifest or script matches '${word}'`);
  return found;
}

/** What is searched where the command line names nothing. */
export interface Defaults {
  /** Files, folders and globs of the settings. */
  include?: readonly string[] | undefined;
}

/**
 * Finds the files of a run.
 *
 * @param words Files, folders and globs of the command line.
 * @param defaults Of the settings.
 * @returns Paths, each once, in order.
 * @throws {UsageError} For a word that names nothing; {@link NothingMatched} where nothing is found.
 */
export function discover(words: readonly string[], { include }: Defaults = {}): string[] {
  const found =
    words.length > 0
      ? words.flatMap((word) => resolveWord(word, ""))
      : include !== undefined
        ? include.flatMap((word) => resolveWord(word, "tickproof.yaml: include: "))
        : below(".");
  if (found.length === 0) {
    throw new NothingMatched(
      `there is no manifest or script below ${process.cwd()}: 'tickproof init' writes a first one; ` +
        "name files, folders or globs, or say by 'include' in tickproof.yaml where they are",
    );
  }
  return [...new Set(found)];
}
