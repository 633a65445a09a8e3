import { afterAll, beforeAll, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
let home = "";

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tickproof-cache-"));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

function tickproof(...args: string[]): { exitCode: number; stdout: string; stderr: string } {
  const env = { ...process.env, XDG_CACHE_HOME: home };
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, "cache", ...args], {
    env,
    cwd: home,
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("cache shows what is kept by kind, also where nothing is", () => {
  const kinds = JSON.parse(tickproof("--json").stdout).kinds as { kind: string; files: number }[];
  assertEquals(
    kinds.map(({ kind, files }) => [kind, files]),
    [
      ["translations", 0],
      ["files", 0],
      ["programs", 0],
      ["settings", 0],
      ["unpacked", 0],
    ],
  );
});

test("cache counts files and bytes, and --clear removes them and nothing beside", () => {
  for (const kind of ["translations", "files"]) {
    mkdirSync(join(home, "tickproof", kind), { recursive: true });
    writeFileSync(join(home, "tickproof", kind, "a"), Buffer.alloc(1_500_000));
  }
  writeFileSync(join(home, "tickproof", "other"), "");
  const { kinds } = JSON.parse(tickproof("--json").stdout) as { kinds: { files: number; bytes: number }[] };
  assertEquals(
    kinds.map(({ files, bytes }) => [files, bytes]),
    [
      [1, 1_500_000],
      [1, 1_500_000],
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  );
  assertStringIncludes(tickproof().stdout, "translations of programs' text      1  1.5");
  const cleared = tickproof("--clear");
  assertEquals([cleared.exitCode, cleared.stdout], [0, ""]);
  assertStringIncludes(cleared.stderr, "cleared");
  assert(!existsSync(join(home, "tickproof", "files")) && existsSync(join(home, "tickproof", "other")));
});
