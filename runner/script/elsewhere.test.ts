import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import * as api from "./mod.ts";

test("a script that Node runs by itself is told who can run it, whatever it imports", () => {
  const names = Object.keys(api).sort();
  const script = `import { ${names.join(", ")} } from "tickproof"; test("never", () => {});`;
  const { exitCode, stderr } = Bun.spawnSync(["node", "--input-type=module", "-e", script], {
    cwd: import.meta.dir,
  });
  assertEquals(exitCode, 1);
  const words = stderr.toString();
  assert(words.includes("start it with 'tickproof suites FILE'"), words);
  assert(!words.includes("SyntaxError"), words);
});

test("elsewhere.js names all that mod.ts has", () => {
  const [, list = ""] =
    /export let ([^;]+);/.exec(readFileSync(resolve(import.meta.dir, "elsewhere.js"), "utf8")) ?? [];
  assertEquals(list.split(/,\s+/).sort(), Object.keys(api).sort());
});
