/** The order of the runner's house, read from all imports, types included. */
import { test } from "bun:test";
import { dirname } from "node:path";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ownImports, readArchitecture, withFolders } from "./_folders.ts";
import { circlesIn } from "./_imports.ts";

const imports = ownImports(["runner", "ffi"]);

/** Folders that others enter by their doors alone. */
const CLOSED = [
  "runner/processes",
  "runner/results",
  "runner/run/attempt",
  "runner/run/compare",
  "runner/run/decide",
  "runner/run/fixture",
  "runner/run/select",
  "runner/symbols",
];

/** Of these folders one file is let through: what starts early takes it without the rest. */
const BESIDE_THE_DOOR = new Set(["runner/results/engine-choice.ts"]);

test("no files of the runner and of ffi import each other in a circle", () => {
  assert(imports.size > 300, String(imports.size));
  assertEquals(circlesIn(imports), []);
  assertEquals(
    circlesIn(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["a"]],
        ["d", ["a", "b"]],
      ]),
    ),
    [["a", "b", "c"]],
  );
});

test("folders are entered by their doors", () => {
  const through = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => CLOSED.includes(dirname(target)) && dirname(file) !== dirname(target))
      .filter((target) => !target.endsWith("/mod.ts") && !BESIDE_THE_DOOR.has(target))
      .map((target) => `${file} -> ${target}`),
  );
  assertEquals(through, []);
  for (const folder of CLOSED) assert(imports.has(`${folder}/mod.ts`), folder);
});

test("docs/architecture.md has the table of the runner's folders as their imports are", () => {
  const document = readArchitecture();
  assert(withFolders(document) === document, "out of date: run 'runner/bun suites/_folders.ts'");
  assertThrows(() => withFolders("# Architecture\n"), Error, "lacks");
});
