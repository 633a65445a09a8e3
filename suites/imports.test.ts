import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { LAYERS, readDocument, withTable } from "./_layers.ts";

const ROOT = join(import.meta.dir, "..");
/** `import … from "./x"`, `export … from "./x"`, `import("./x")`, types included. */
const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;
/** Files that no layer is made of: tests, and what only tests and documentation use. */
const ASIDE = /\.test\.ts$|\/_[^/]*\.ts$|\/(test|fixtures)\//;

function sources(): string[] {
  const glob = new Bun.Glob("{ffi,engine,runner,suites,bench}/**/*.{ts,tsx}");
  return [...glob.scanSync({ cwd: ROOT })].filter((path) => !path.endsWith(".d.ts")).sort();
}

/** The files of ours that each file imports. */
const imports = new Map(
  sources().map((path): [string, string[]] => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const found = [...text.matchAll(IMPORT)].map(([, from, dynamic]) =>
      normalize(join(dirname(path), from ?? dynamic ?? "")),
    );
    return [path, [...new Set(found)]];
  }),
);

/** Groups of files that import each other around a circle (Tarjan's strongly connected components). */
function circles(): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): void => {
    const at = index.size;
    index.set(file, at);
    low.set(file, at);
    open.push(file);
    for (const other of imports.get(file) ?? []) {
      if (!imports.has(other)) continue;
      if (!index.has(other)) visit(other);
      if (open.includes(other)) low.set(file, Math.min(low.get(file) ?? at, low.get(other) ?? at));
    }
    if (low.get(file) !== at) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1) found.push(circle);
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}

/** The layer that a file belongs to: the one with the longest name. */
function layerOf(path: string) {
  return LAYERS.filter(({ folder }) => path.startsWith(`${folder}/`)).sort(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
}

test("all imports of this repository are seen", () => {
  expect(imports.size).toBeGreaterThan(500);
  expect(imports.get("engine/kernel/query.ts")).toContain("engine/kernel/call-view.ts");
});

test("no files of the engine, the suites and the benchmarks import each other around a circle", () => {
  const ofRunner = (circle: readonly string[]) => circle.every((path) => path.startsWith("runner/"));
  const found = circles().filter((circle) => !ofRunner(circle));
  expect(found.map((circle) => circle.join(" → "))).toEqual([]);
});

test("files import from the layers that the table in docs/architecture.md allows them", () => {
  const wrong: string[] = [];
  for (const [path, others] of imports) {
    if (ASIDE.test(path)) continue;
    const layer = layerOf(path);
    expect(layer, path).toBeDefined();
    for (const other of others) {
      const to = layerOf(other)?.folder;
      if (to === undefined || to === layer?.folder || layer?.imports.includes("*")) continue;
      if (!layer?.imports.includes(to)) wrong.push(`${path} imports ${other}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("docs/architecture.md shows the table", () => {
  const document = readDocument();
  expect(document === withTable(document), "out of date: run 'runner/bun suites/_layers.ts'").toBe(true);
});
