/** The imports of this repository, read from its files, types included; for the tests and tables of its structure. */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The root of the project. */
export const ROOT = resolve(import.meta.dir, "..");

/** Imports and exports with their source, types included: also those that run only when they are reached. */
const IMPORT = /^(?:import|export)\b[^;]*?\bfrom\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;

/** The files that each file of some folders imports, by paths from the root of the project. */
export function importsOf(folders: readonly string[]): Map<string, string[]> {
  const files = folders.flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.{ts,tsx,js}`).scanSync(ROOT)]);
  const own = files.filter((file) => !file.endsWith(".d.ts"));
  return new Map(
    own.toSorted().map((file) => {
      const text = readFileSync(join(ROOT, file), "utf8");
      const found = [...text.matchAll(IMPORT)].map(([, here, later]) => here ?? later ?? "");
      return [file, found.map((path) => relative(ROOT, resolve(ROOT, dirname(file), path)))];
    }),
  );
}

/** Circles of files: each file of one reaches itself over the others. */
export function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of imports.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return circles;
}
