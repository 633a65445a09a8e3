/**
 * Compiles programs under test on first use. The result is kept by the content of everything that it
 * depends on, so that it never goes stale and needs no cleaning between versions.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { type Compiler, FLAGS, type Language, languageOfAll } from "./compiler.ts";
import { includeFolders, readSources } from "./sources.ts";

/** A program is there, or the compiler refused its source. */
export type Compilation = { ok: true; path: string } | { ok: false; message: string };

/** The folder that keeps compiled programs. */
export function programsRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tickproof/programs");
}

/** How a source is compiled. */
export interface CompileOptions {
  /** Further sources of the program. @default none */
  more?: readonly string[];
  /** More flags, behind those of its language; libraries (`-lm`) too. @default none */
  flags?: readonly string[];
  /** What all sources are written in. @default what their names say */
  language?: Language | undefined;
  /** Folder that paths in flags (`-I`) are relative to. @default that of the source */
  folder?: string;
  /** Folder that keeps compiled programs. @default programsRoot() */
  root?: string;
}

/** What `-x` calls the languages (gcc(1), "Options Controlling the Kind of Output"). */
const NAMES: Readonly<Record<Language, string>> = { c: "c", "c++": "c++", asm: "assembler-with-cpp" };

/** How a compiler is called for one program. */
interface Invocation {
  sources: readonly string[];
  compiler: Compiler;
  folder: string;
  /** Flags of the language, and what stands behind the sources: libraries have to. */
  before: readonly string[];
  behind: readonly string[];
}

/** Name of the compiled program: its stem and a hash of sources, compiler and flags, wherever they lie. */
function cacheName({ sources, compiler, folder, before, behind }: Invocation): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const part of [compiler.identity, ...compiler.command, ...before, "", ...behind]) {
    hash.update(`${part}\0`);
  }
  const [source = ""] = sources;
  for (const { path, text } of sources.flatMap((each) => readSources(each, includeFolders(behind, folder)))) {
    hash.update(`${basename(path)}\0${text}\0`);
  }
  return `${basename(source, extname(source))}-${hash.digest("hex").slice(0, 16)}`;
}

const underway = new Map<string, Promise<Compilation>>();

/**
 * Gives the compiled program of a source file; compiles it unless that was done before.
 *
 * @param source Path of a source in C, C++ or assembly.
 * @param compiler From `findCompiler`, for the source's language.
 * @returns The program's path, or what the compiler had against the source.
 */
export function compile(
  source: string,
  compiler: Compiler,
  { more = [], flags = [], language, folder = dirname(source), root = programsRoot() }: CompileOptions = {},
): Promise<Compilation> {
  const sources = [source, ...more].map((path) => resolve(path));
  const flagsOfLanguage = FLAGS[language ?? languageOfAll(sources)];
  const before = language === undefined ? flagsOfLanguage : [...flagsOfLanguage, "-x", NAMES[language]];
  const invocation: Invocation = {
    sources,
    compiler,
    folder,
    before,
    behind: [...(language === undefined ? [] : ["-x", "none"]), ...flags],
  };
  const path = join(root, cacheName(invocation));
  if (existsSync(path)) return Promise.resolve({ ok: true, path });
  let compilation = underway.get(path);
  if (compilation === undefined) {
    compilation = build(invocation, path).finally(() => underway.delete(path));
    underway.set(path, compilation);
  }
  return compilation;
}

async function build(
  { sources, compiler, folder, before, behind }: Invocation,
  path: string,
): Promise<Compilation> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new UsageError(
      `compiled programs can't be kept in ${dirname(path)} ` +
        `(${error instanceof Error ? error.message : String(error)}): ` +
        "set XDG_CACHE_HOME to a folder that can be written",
    );
  }
  const temporary = `${path}.${process.pid}.new`;
  const { command } = compiler;
  const child = Bun.spawn([...command, ...before, "-o", temporary, ...sources, ...behind], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [message, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) {
    rmSync(temporary, { force: true });
    return {
      ok: false,
      message: `${sources.join(", ")} does not compile with ${command.join(" ")}:\n${message.trimEnd()}`,
    };
  }
  // Renaming is atomic: another runner that compiles the same finds all of the program or none.
  renameSync(temporary, path);
  return { ok: true, path };
}
