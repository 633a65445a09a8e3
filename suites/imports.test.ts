import { expect, test } from "bun:test";
import { circlesIn, importsOf } from "./_imports.ts";
import { LAYERS, readDocument, withTable } from "./_layers.ts";

/** Files that no layer is made of: tests, and what only tests and documentation use. */
const ASIDE = /\.test\.ts$|\/_[^/]*\.ts$|\/(test|fixtures)\//;

const imports = importsOf(["ffi", "engine", "runner", "suites", "bench"]);

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

test("no files import each other around a circle", () => {
  expect(circlesIn(imports).map((circle) => circle.join(" → "))).toEqual([]);
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
