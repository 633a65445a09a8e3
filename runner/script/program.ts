/** Programs of a script: sources that are built on first use, files, and programs of the host. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { compile } from "../programs/compile.ts";
import { findCompiler, languageOf } from "../programs/compiler.ts";

/** How a source is built. */
export interface ProgramOptions {
  /** Flags of the compiler, behind tickproof's own; libraries (`-lm`) too. @default none */
  flags?: readonly string[];
}

/** A program that can be run. */
export interface Program {
  path: string;
}

/**
 * Builds a source.
 *
 * @param source A path, relative to `folder`.
 * @throws {UsageError} If it is not there, is no source, does not compile, or there is no compiler.
 */
export async function buildProgram(
  source: string,
  folder: string,
  { flags = [] }: ProgramOptions = {},
): Promise<Program> {
  const path = resolve(folder, source);
  const language = languageOf(path);
  if (language === undefined) {
    throw new UsageError(
      `cannot compile '${source}': name a source in C (.c), C++ (.cc, .cpp) or assembly (.S)`,
    );
  }
  if (!existsSync(path)) throw new UsageError(`cannot compile '${source}': there is no ${path}`);
  const result = await compile(path, findCompiler(process.env, language), { flags });
  if (!result.ok) throw new UsageError(result.message);
  return { path: result.path };
}

/**
 * Finds what a script names: a source is built, a path is taken relative to `folder`, a bare name is looked for
 * beside the script and then in PATH.
 *
 * @throws {UsageError} If there is none.
 */
export async function findProgram(
  name: string,
  folder: string,
  options: ProgramOptions = {},
): Promise<Program> {
  if (languageOf(name) !== undefined) return await buildProgram(name, folder, options);
  const beside = resolve(folder, name);
  if (name.includes("/")) {
    if (existsSync(beside)) return { path: beside };
    throw new UsageError(`cannot run '${name}': there is no ${beside}`);
  }
  const found = Bun.which(name);
  if (found !== null) return { path: found };
  throw new UsageError(
    `cannot run '${name}': this host has no such program in PATH; install it, or give its path`,
  );
}
