/**
 * The races of this folder, as programs that can be hunted. In their sources the lines that make the race have a number behind them:
 * 1 for those of the one side, 2 for those of the other.
 */
import { readdirSync, readFileSync } from "node:fs";
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

/** The lines of a race, "queue.c:41", of each of its two sides. */
export function sidesOf(name: string): readonly [ReadonlySet<string>, ReadonlySet<string>] {
  const lines = readFileSync(join(import.meta.dir, `${name}.c`), "utf8").split("\n");
  const side = (number: number): ReadonlySet<string> =>
    new Set(lines.flatMap((line, i) => (line.endsWith(`/* ${number} */`) ? [`${name}.c:${i + 1}`] : [])));
  const sides = [side(1), side(2)] as const;
  if (sides.some(({ size }) => size === 0)) throw new Error(`${name}.c names no line of one of its sides`);
  return sides;
}
