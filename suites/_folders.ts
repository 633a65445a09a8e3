/**
 * The folders of ffi and of the runner, as their own imports say: for the test that holds them apart, and for the tables
 * in docs/architecture.md, which `runner/bun suites/_folders.ts` brings up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importsOf, ROOT } from "./_imports.ts";
import { withPart } from "./_marked.ts";

const DOCUMENT = join(ROOT, "docs/architecture.md");

/** Where the tables stand in the document: of the folders below which folder. */
const TABLES = ["ffi", "runner"] as const;
const marks = (top: string) =>
  [`<!-- folders of ${top}: written by suites/_folders.ts -->`, `<!-- end of folders of ${top} -->`] as const;

/** The first sentence of a file's head. */
function headOf(file: string): string {
  const [, head = ""] = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(ROOT, file), "utf8")) ?? [];
  const words = head.replaceAll(/\n \* ?/g, " ").trim();
  return (/^.*?[.](?=\s|$)/.exec(words)?.[0] ?? words).replace(/[.]$/, "").replaceAll("|", "\\|");
}

/** The imports of files that run; tests and what only they use are left out. */
export function ownImports(folders: readonly string[]): Map<string, string[]> {
  return new Map([...importsOf(folders)].filter(([file]) => !/\.test\.ts$|\/fixtures\/|\.tsx$/.test(file)));
}

/** The table: each folder that has a door, what its door says, and the folders beside that it imports from. */
function folderTable(top: string): string {
  const imports = ownImports([top]);
  const doors = [...imports.keys()]
    .filter((file) => file.endsWith("/mod.ts"))
    .map(dirname)
    .filter((folder) => folder !== top);
  const rows = doors.map((folder) => {
    const from = [...imports]
      .filter(([file]) => dirname(file) === folder)
      .flatMap(([, targets]) => targets.map(dirname))
      .filter((target) => target !== folder && target.startsWith(`${top}/`));
    const names = [...new Set(from)].toSorted().map((name) => `\`${name.slice(top.length + 1)}\``);
    return `| \`${folder}/\` | ${headOf(join(folder, "mod.ts"))} | ${names.join(", ") || "–"} |`;
  });
  return ["| folder | what it owns | imports from |", "| --- | --- | --- |", ...rows].join("\n");
}

/** @throws {Error} If the document has no place for a table. */
export function withFolders(document: string): string {
  return TABLES.reduce(
    (text, top) => withPart(text, "docs/architecture.md", marks(top), folderTable(top)),
    document,
  );
}

/** The document as it is. */
export function readArchitecture(): string {
  return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main) writeFileSync(DOCUMENT, withFolders(readArchitecture()));
