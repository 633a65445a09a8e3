/** The races of this folder, as programs that can be hunted. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";

/** Names of all of them. */
export const RACES: readonly string[] = readdirSync(import.meta.dir)
  .filter((name) => name.endsWith(".c"))
  .map((name) => basename(name, ".c"))
  .toSorted();

/**
 * Compiles a race.
 *
 * @param root Folder that the program is kept in.
 * @returns Its path.
 */
export async function compileRace(name: string, root: string): Promise<string> {
  const source = join(import.meta.dir, `${name}.c`);
  const compiled = await compile(source, findCompiler(), { root, flags: ["-pthread", "-O1", "-g"] });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.path;
}
