import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { compile } from "./compile.ts";
import { findCompiler } from "./compiler.ts";

let folder = "";
let source = "";
let cache = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-compile-"));
  cache = join(folder, "cache");
  source = join(folder, "answer.c");
  writeFileSync(join(folder, "answer.h"), "enum { ANSWER = 42 };\n");
  writeFileSync(source, '#include "answer.h"\nint main(void) { return ANSWER; }\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

async function compiled(): Promise<string> {
  const result = await compile(source, findCompiler(), { root: cache });
  assert(result.ok, "it compiles");
  return result.path;
}

test("compile() gives a program that runs, and compiles it once", async () => {
  const [path, same] = await Promise.all([compiled(), compiled()]);
  assertEquals(path, same);
  assertEquals(Bun.spawnSync([path]).exitCode, 42);
  const { mtimeMs } = statSync(path);
  assertEquals(await compiled(), path);
  assertEquals(statSync(path).mtimeMs, mtimeMs);
  assertEquals(readdirSync(cache).length, 1);
});

test("compile() sees a change in a header", async () => {
  const before = await compiled();
  writeFileSync(join(folder, "answer.h"), "enum { ANSWER = 7 };\n");
  const after = await compiled();
  assertNotEquals(after, before);
  assertEquals(Bun.spawnSync([after]).exitCode, 7);
});

test("compile() gives the compiler's words for a wrong source and leaves nothing behind", async () => {
  writeFileSync(source, "int main(void) { return nonsense; }\n");
  const result = await compile(source, findCompiler(), { root: cache });
  assert(!result.ok);
  assertStringIncludes(result.message, "nonsense");
  assertEquals(readdirSync(cache), []);
});

test("findCompiler() respects CC, also with arguments", () => {
  assertEquals(findCompiler({ CC: "gcc -m64" }).command, ["gcc", "-m64"]);
  assertThrows(() => findCompiler({ CC: "no-such-cc" }), UsageError, "CC names cannot be run: 'no-such-cc'");
});
