/**
 * The folders of the runner, as their own imports say: for the test that holds them apart, and for the table in
 * docs/architecture.md, which `runner/bun runner/_folders.ts` brings up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "..");
const DOCUMENT = join(ROOT, "docs/architecture.md");
const START = "<!-- folders: written by runner/_folders.ts -->";
const END = "<!-- end of folders -->";

/** Imports and exports with their source, types included: also those that run only when they are reached. */
const IMPORT = /^(?:import|export)\b[^;]*?\bfrom\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;

/** The files that each file imports, by paths from the root of the project; tests and what only they use are left out. */
export function importsOf(folders: readonly string[]): Map<string, string[]> {
  const files = folders.flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.{ts,js}`).scanSync(ROOT)]);
  const own = files.filter((file) => !/\.test\.ts$|\/fixtures\/|\.d\.ts$/.test(file));
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

/** The first sentence of a file's head. */
function headOf(file: string): string {
  const [, head = ""] = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(ROOT, file), "utf8")) ?? [];
  const words = head.replaceAll(/\n \* ?/g, " ").trim();
  return (/^.*?[.](?=\s|$)/.exec(words)?.[0] ?? words).replace(/[.]$/, "").replaceAll("|", "\\|");
}

/** The table: each folder that has a door, what its door says, and the folders beside that it imports from. */
export function folderTable(imports = importsOf(["runner"])): string {
  const doors = [...imports.keys()].filter((file) => file.endsWith("/mod.ts")).map(dirname);
  const rows = doors.map((folder) => {
    const from = [...imports]
      .filter(([file]) => dirname(file) === folder)
      .flatMap(([, targets]) => targets.map(dirname))
      .filter((target) => target !== folder && target.startsWith("runner/"));
    const names = [...new Set(from)].toSorted().map((name) => `\`${name.slice("runner/".length)}\``);
    return `| \`${folder}/\` | ${headOf(join(folder, "mod.ts"))} | ${names.join(", ") || "–"} |`;
  });
  return ["| folder | what it owns | imports from |", "| --- | --- | --- |", ...rows].join("\n");
}

/** @throws {Error} If the document has no place for the table. */
export function withFolders(document: string): string {
  const [from, to] = [document.indexOf(START), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/architecture.md lacks '${START}' or '${END}' behind it`);
  return `${document.slice(0, from + START.length)}\n\n${folderTable()}\n\n${document.slice(to)}`;
}

/** The document as it is. */
export function readArchitecture(): string {
  return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main) writeFileSync(DOCUMENT, withFolders(readArchitecture()));
