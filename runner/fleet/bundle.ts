/**
 * What is sent with the tests of a run: the files of the project, each known by its content's digest, so that one that the
 * store has already is not sent again.
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "../errors/mod.ts";
import { parsed } from "./protocol.ts";

/** Limits of a bundle; larger projects name fewer files. */
export const MOST_FILES = 50_000;
export const MOST_BYTES = 512 * 1024 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const entry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: z.string().min(1).max(4000),
    digest,
    bytes: z.int().nonnegative().max(MOST_BYTES),
    executable: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("link"),
    path: z.string().min(1).max(4000),
    target: z.string().min(1).max(4000),
  }),
]);
/** A file or a link of a bundle, by its path from the bundle's root. */
export type BundleEntry = z.infer<typeof entry>;
const list = z.array(entry).max(MOST_FILES);

/** A project, ready to be sent. */
export interface Bundle {
  /** Its folder here. */
  root: string;
  digest: string;
  /** The list as it is sent. */
  list: string;
  entries: readonly BundleEntry[];
  bytes: number;
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The folder that is sent: the work tree that the working directory is in, else that itself. */
export function projectRoot(cwd: string): string {
  const { exitCode, stdout } = git(cwd, "rev-parse", "--show-toplevel");
  return exitCode === 0 ? resolve(stdout.toString().trimEnd()) : cwd;
}

/**
 * Lists a project: what git has or would add, else all but hidden folders and packages of others.
 *
 * @throws {UsageError} If it is too large, or a link leads out of it.
 */
export function bundleOf(root: string): Bundle {
  const paths = filesOf(root).toSorted();
  if (paths.length > MOST_FILES) {
    throw new UsageError(
      `${root} has ${paths.length} files, ${MOST_FILES} are sent at most: let .gitignore leave out what the tests don't need`,
    );
  }
  const entries = paths.map((path) => entryOf(root, path));
  const bytes = entries.reduce((sum, found) => sum + (found.kind === "file" ? found.bytes : 0), 0);
  if (bytes > MOST_BYTES) {
    throw new UsageError(
      `${root} has ${bytes} bytes, ${MOST_BYTES} are sent at most: let .gitignore leave out what the tests don't need`,
    );
  }
  const text = JSON.stringify(entries);
  return { root, digest: sha256(text), list: text, entries, bytes };
}

function git(cwd: string, ...args: readonly string[]): { exitCode: number; stdout: Buffer } {
  if (Bun.which("git") === null) return { exitCode: 1, stdout: Buffer.alloc(0) };
  return Bun.spawnSync(["git", ...args], { cwd, stdin: "ignore", stderr: "ignore" });
}

function filesOf(root: string): string[] {
  const { exitCode, stdout } = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  if (exitCode !== 0) return below(root, "");
  const listed = [...new Set(stdout.toString().split("\0").filter(Boolean))];
  // Removed and not committed yet; or another repository within.
  return listed.filter(
    (path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === false,
  );
}

function below(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((found) => {
    const path = join(folder, found.name);
    if (found.isDirectory()) {
      return found.name === "node_modules" || found.name.startsWith(".") ? [] : below(root, path);
    }
    return found.isFile() || found.isSymbolicLink() ? [path] : [];
  });
}

function entryOf(root: string, path: string): BundleEntry {
  const place = join(root, path);
  const stats = lstatSync(place);
  if (stats.isSymbolicLink()) {
    const target = readlinkSync(place);
    const problem = linkProblem(path, target);
    if (problem !== undefined)
      throw new UsageError(`${place} ${problem}: it can't be sent; remove it or add it to .gitignore`);
    return { kind: "link", path, target };
  }
  if (!stats.isFile()) throw new UsageError(`${place} is no file: it can't be sent; add it to .gitignore`);
  const data = readFileSync(place);
  return {
    kind: "file",
    path,
    digest: sha256(data),
    bytes: data.byteLength,
    executable: (stats.mode & 0o111) !== 0,
  };
}

/** What is wrong with a path of a bundle, as the end of a sentence; undefined if nothing is. */
function pathProblem(path: string): string | undefined {
  if (path.startsWith("/")) return "is absolute";
  if (path.includes("\0")) return "has a NUL";
  const parts = path.split("/");
  if (parts.includes("..")) return "leads out of the bundle";
  return parts.some((part) => part === "" || part === ".") ? "is not in its shortest form" : undefined;
}

/** What is wrong with a link. Its target is taken by its words alone: whoever sends a bundle has no say in what is there. */
function linkProblem(path: string, target: string): string | undefined {
  if (target.startsWith("/")) return `is a link to the absolute path ${target}`;
  if (target.includes("\0")) return "is a link to a path with a NUL";
  const from = join("/root", path, "..");
  const way = relative("/root", join(from, target));
  return way === ".." || way.startsWith("../") ? `is a link out of the project, to ${target}` : undefined;
}

/**
 * Reads the list of a bundle that somebody has sent.
 *
 * @throws {UsageError} For anything that would write outside of its folder, or too much.
 */
export function checkedEntries(text: string, expected: string): BundleEntry[] {
  if (sha256(text) !== expected)
    throw new UsageError("the bundle's list does not have the digest that it is known by");
  const entries = parsed(list, text, "the bundle's list");
  const refuse = (path: string, problem: string) =>
    new UsageError(`the bundle has a path that ${problem}: ${JSON.stringify(path)}`);
  const seen = new Set<string>();
  let bytes = 0;
  for (const found of entries) {
    const problem = pathProblem(found.path);
    if (problem !== undefined) throw refuse(found.path, problem);
    if (seen.has(found.path)) throw refuse(found.path, "is there twice");
    seen.add(found.path);
    if (found.kind === "file") bytes += found.bytes;
    else {
      const wrong = linkProblem(found.path, found.target);
      if (wrong !== undefined) throw refuse(found.path, wrong);
    }
  }
  if (bytes > MOST_BYTES)
    throw new UsageError(`the bundle has ${bytes} bytes: ${MOST_BYTES} are taken at most`);
  for (const { path } of entries) {
    // What lies behind a file or a link of the bundle itself would be written through it.
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      if (seen.has(parts.slice(0, depth).join("/"))) throw refuse(path, "lies below a file or a link");
    }
  }
  return entries;
}
