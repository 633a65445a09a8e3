/** The program that asks the kernel, and cases by seed. */
import { resolve } from "node:path";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { Random } from "../differential/_random.ts";
import { filterCase } from "./_cases.ts";
import { differences } from "./_kernel.ts";

/** Compiles the helper into a folder. @returns Its path. */
export async function helperIn(folder: string): Promise<string> {
  const compiled = await compile(resolve(import.meta.dir, "kernel_filter.c"), findCompiler(), {
    root: folder,
  });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.path;
}

/** Differences between the kernel and the engine in so many random cases. */
export function differencesOf(helper: string, seed: number, count: number): string[] {
  const random = new Random(seed);
  return differences(
    helper,
    Array.from({ length: count }, () => filterCase(random)),
  );
}
