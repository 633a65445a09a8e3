import { afterEach, beforeEach, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
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

test("compile() builds several sources with flags and libraries, each by its content", async () => {
  const other = join(folder, "other.c");
  writeFileSync(other, "#include <math.h>\nint other(double x) { return (int)sqrt(x) + MORE; }\n");
  writeFileSync(
    source,
    "#include <answer.h>\nint other(double);\nint main(int c, char **v) { (void)v; return ANSWER + other(c * 16); }\n",
  );
  mkdirSync(join(folder, "include"));
  writeFileSync(join(folder, "include/answer.h"), "enum { ANSWER = 40 };\n");
  const build = async (more: string) => {
    const flags = ["-Iinclude", `-DMORE=${more}`, "-lm"];
    const result = await compile(source, findCompiler(), { more: [other], flags, folder, root: cache });
    assert(result.ok, result.ok ? "" : result.message);
    return result.path;
  };
  const first = await build("1");
  assertEquals(Bun.spawnSync([first]).exitCode, 45);
  assertEquals(await build("1"), first);
  assertEquals(Bun.spawnSync([await build("2")]).exitCode, 46);
  writeFileSync(join(folder, "include/answer.h"), "enum { ANSWER = 50 };\n");
  assertEquals(Bun.spawnSync([await build("1")]).exitCode, 55);
  writeFileSync(other, "int other(double x) { return (int)x + MORE; }\n");
  assertEquals(Bun.spawnSync([await build("1")]).exitCode, 67);
});

test("compile() takes a language for a name that says none", async () => {
  const plain = join(folder, "plain.txt");
  writeFileSync(plain, "#include <string>\nint main() { return (int)std::string(7, 'x').size(); }\n");
  const result = await compile(plain, findCompiler({}, "c++"), {
    language: "c++",
    flags: ["-lm"],
    root: cache,
  });
  assert(result.ok, result.ok ? "" : result.message);
  assertEquals(Bun.spawnSync([result.path]).exitCode, 7);
});
