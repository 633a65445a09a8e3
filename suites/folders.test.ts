/** The order of the runner's house, read from all imports, types included. */
import { test } from "bun:test";
import { basename, dirname } from "node:path";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ownImports, readArchitecture, withFolders } from "./_folders.ts";
import { circlesIn } from "./_imports.ts";

const imports = ownImports(["runner", "ffi"]);

/** Folders that others enter by their doors alone. */
const CLOSED = [
  "ffi/files",
  "ffi/kernel",
  "ffi/memory",
  "ffi/perf",
  "ffi/process",
  "ffi/processor",
  "ffi/ptrace",
  "ffi/text",
  "runner/errors",
  "runner/files",
  "runner/outcome",
  "runner/output",
  "runner/processes",
  "runner/results",
  "runner/run/attempt",
  "runner/run/compare",
  "runner/run/decide",
  "runner/run/fixture",
  "runner/run/select",
  "runner/start",
  "runner/symbols",
  "runner/text",
];

/** Files of these folders that are let through: what starts early takes them without the rest. */
const BESIDE_THE_DOOR = new Set([
  "ffi/text/words.ts",
  "runner/results/engine-choice.ts",
  "runner/start/command-line.ts",
  "runner/start/main.ts",
  "runner/start/surroundings.ts",
]);

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
      .filter((target) => CLOSED.includes(dirname(target)) && !file.startsWith(`${dirname(target)}/`))
      .filter((target) => !target.endsWith("/mod.ts") && !BESIDE_THE_DOOR.has(target))
      .map((target) => `${file} -> ${target}`),
  );
  assertEquals(through, []);
  for (const folder of CLOSED) assert(imports.has(`${folder}/mod.ts`), folder);
});

test("folders of ffi build on each other, in one direction", () => {
  const folders = Map.groupBy(imports, ([file]) => dirname(file));
  const below = new Map(
    [...folders]
      .filter(([folder]) => folder.startsWith("ffi/"))
      .map(([folder, files]) => {
        const targets = new Set(files.flatMap(([, others]) => others.map(dirname)));
        return [folder, [...targets].filter((target) => target !== folder)];
      }),
  );
  assert(below.size > 8, [...below.keys()].join());
  assertEquals(circlesIn(below), [["ffi/perf", "ffi/perf/events"]]);
});

test("no module of ffi or the runner lies outside of a folder, but the doors; names of files have dashes", () => {
  const loose = [...imports.keys()].filter((file) => ["ffi", "runner"].includes(dirname(file)));
  assertEquals(loose.toSorted(), ["ffi/_testing.ts", "ffi/mod.ts", "runner/cli.ts"]);
  assertEquals(
    [...imports.keys()].filter((file) => !/^_?[a-z0-9.-]+$/.test(basename(file))),
    [],
  );
});

test("docs/architecture.md has the tables of the folders as their imports are", () => {
  const document = readArchitecture();
  assert(withFolders(document) === document, "out of date: run 'runner/bun suites/_folders.ts'");
  assertThrows(() => withFolders("# Architecture\n"), Error, "lacks");
});
