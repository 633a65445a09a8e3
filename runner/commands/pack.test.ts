import { afterAll, beforeAll, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
let root = "";

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tickproof-pack-"));
});

afterAll(() => rmSync(root, { recursive: true }));

function tickproof(...args: string[]): { exitCode: number; stdout: string; stderr: string } {
  const env = { ...process.env, TICKPROOF_TRACES: join(root, "traces"), XDG_CACHE_HOME: join(root, "cache") };
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, ...args], { env, cwd: root });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("a packed trace replays where the trace itself is gone, and is shown like it", () => {
  tickproof("record", "-q", "--", "sh", "-c", "echo packed; exit 3");
  assertMatch(tickproof("pack").stderr, /^tickproof: packed \d+ files, .* into .*\/sh-0\.trace\.tgz/);
  rmSync(join(root, "traces"), { recursive: true });
  const file = join(root, "sh-0.trace.tgz");
  const { exitCode, stdout } = tickproof("replay", "-q", file);
  assertEquals([exitCode, stdout], [3, "packed\n"]);
  assertStringIncludes(tickproof("info", "sh-0.trace.tgz").stdout, "echo packed");
  assertEquals(tickproof("verify", file).exitCode, 0);
});

test("pack says what is wrong, with exit code 2, and leaves no file", () => {
  const none = tickproof("pack", "nothing");
  assertEquals(none.exitCode, 2);
  assertStringIncludes(none.stderr, "there is no trace 'nothing'");
  const folder = tickproof("pack", root);
  assertEquals(folder.exitCode, 2);
  assertStringIncludes(folder.stderr, "No trace is there");
  assertEquals(existsSync(join(root, `${root.split("/").at(-1)}.trace.tgz`)), false);
});
