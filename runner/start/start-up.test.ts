import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { assertEquals } from "@std/assert";

/** A module without the line that starts it as a program, which the transpiler does not take. */
function sourceOf(file: string): string {
  return readFileSync(file, "utf8").replace(/^#!.*/, "");
}

/** Modules that a file imports before it runs, all the way down; packages by their names. */
function staticImports(start: string): { files: Set<string>; packages: Set<string> } {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    if (!file.endsWith(".ts")) return;
    for (const { path, kind } of transpiler.scanImports(sourceOf(file))) {
      if (kind !== "import-statement") continue;
      if (path.startsWith(".")) visit(resolve(dirname(file), path));
      else packages.add(path);
    }
  };
  visit(start);
  return { files, packages };
}

test("the command line loads no package, and none of the runner, before a command needs it", () => {
  const { files, packages } = staticImports(resolve(import.meta.dir, "command-line.ts"));
  const foreign = [...packages].filter((name) => !/^(node:|bun$|bun:ffi$)/.test(name));
  assertEquals(foreign, [], "each record and replay would pay for it");
  const own = [
    "run/run.ts",
    "fleet/mod.ts",
    "history/store.ts",
    "history/connection.ts",
    "history/exchange.ts",
    "manifest/schema.ts",
    "reporters/terminal.ts",
    "script/mod.ts",
  ];
  const early = own.filter((name) => files.has(resolve(import.meta.dir, name)));
  assertEquals(early, []);
});
