import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compile } from "./build.ts";
import { type CompiledSources, compiledEntry, ENTRY, isCurrent, MANIFEST, ROOT } from "./current.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-compiled-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a command line; `entry` is cli.ts or the compiled code. */
function run(entry: string, ...args: string[]): { code: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, entry, ...args], { stdin: "ignore" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("compile() gives code that records and replays as the sources do", async () => {
  const { files } = await compile();
  const known = files.map(([path]) => path);
  for (const source of [
    "engine/mod.ts",
    "engine/translate/fragment.ts",
    "ffi/kernel/raw.ts",
    "runner/commands/record.ts",
  ]) {
    assert(known.includes(source), source);
  }
  assertEquals(compiledEntry(["record", "true"]), ENTRY);
  const trace = join(folder, "trace");
  const command = ["sh", "-c", "echo hello; exit 3"];
  assertEquals(run(ENTRY, "record", "-q", "-o", trace, "--", ...command), {
    code: 3,
    stdout: "hello\n",
    stderr: "",
  });
  assertEquals(run(ENTRY, "replay", "-q", trace), { code: 3, stdout: "hello\n", stderr: "" });
  // The one's recording is the other's replay, and the other way round.
  rmSync(MANIFEST);
  assertEquals(run(CLI, "replay", "-q", trace), { code: 3, stdout: "hello\n", stderr: "" });
  const second = join(folder, "second");
  assertEquals(run(CLI, "record", "-q", "-o", second, "--", ...command).code, 3);
  assertEquals(run(ENTRY, "replay", "-q", second).stdout, "hello\n");
  assertEquals(run(ENTRY, "record", "--quite", "ls").code, 2);
  await compile();
});

test("compiledEntry() leaves other commands and described hosts to the sources", () => {
  assertEquals(compiledEntry(["suites"]), undefined);
  assertEquals(compiledEntry([]), undefined);
  assertEquals(compiledEntry(["record", "--host", "haswell", "--", "true"]), undefined);
  assertEquals(compiledEntry(["record", "--host=haswell", "--", "true"]), undefined);
});

test("isCurrent() is false once a source has changed, is gone, or Bun is another one", () => {
  const path = join(folder, "source.ts");
  writeFileSync(path, "1;");
  utimesSync(path, 1000, 1000);
  const sources: CompiledSources = { bun: Bun.version, files: [["source.ts", 2, 1_000_000]] };
  assertEquals(isCurrent(sources, folder), true);
  assertEquals(isCurrent({ ...sources, bun: "0.0.1" }, folder), false);
  utimesSync(path, 1001, 1001);
  assertEquals(isCurrent(sources, folder), false);
  utimesSync(path, 1000, 1000);
  assertEquals(isCurrent(sources, folder), true);
  rmSync(path);
  assertEquals(isCurrent(sources, folder), false);
});

test("isCurrent() asks an installed package for Bun's version alone: its files have the times of the archive", () => {
  const sources: CompiledSources = { bun: Bun.version, files: [["source.ts", 2, 1_000_000]] };
  assertEquals(isCurrent(sources, "/usr/lib/node_modules/tickproof"), true);
  assertEquals(isCurrent({ ...sources, bun: "0.0.1" }, "/usr/lib/node_modules/tickproof"), false);
});

test("compile() gives code that knows no place: it runs where the package is moved to", async () => {
  if (!existsSync(MANIFEST)) await compile();
  assertEquals(readFileSync(ENTRY, "utf8").includes(ROOT), false);
});

test("a damaged list of sources is as good as none", async () => {
  if (!existsSync(MANIFEST)) await compile();
  const good = readFileSync(MANIFEST);
  try {
    for (const damaged of ["", "{", "{}", '{"bun":1,"files":{}}']) {
      writeFileSync(MANIFEST, damaged);
      assertEquals(compiledEntry(["record", "true"]), undefined, damaged);
    }
  } finally {
    writeFileSync(MANIFEST, good);
  }
});
