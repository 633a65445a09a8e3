import { afterEach, beforeEach, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-bisect-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function bisect(...args: string[]): { code: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, CLI, "bisect", ...args], {
    cwd: folder,
    stdin: "ignore",
    env: {
      ...process.env,
      TICKPROOF_TRACES: join(folder, "traces"),
      TICKPROOF_HISTORY: join(folder, "history.sqlite"),
    },
  });
  return { code: exitCode, stderr: stderr.toString() };
}

test("bisect is good after as many passes as it said it would take", () => {
  const { code, stderr } = bisect("--rate", "50", "--confidence", "80", "--", "true");
  assertEquals(code, 0, stderr);
  assertStringIncludes(
    stderr,
    "failures in 50 % of the runs, to be seen with 80 % confidence, take 3 runs of true\n",
  );
  assertMatch(stderr, /2 of 3 runs passed; 1 to go, about \d+ s\n/);
  assertStringIncludes(stderr, "good: 3 runs passed");
});

test("bisect is bad at the first failure, also of the program itself", () => {
  const turns = join(folder, "turns");
  const program = join(folder, "third-time.sh");
  writeFileSync(program, `#!/bin/sh\necho x >> ${turns}\n[ $(wc -l < ${turns}) -lt 3 ]\n`);
  chmodSync(program, 0o755);
  const { code, stderr } = bisect("--rate", "50", "--confidence", "99", "--", program);
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "bad: run 3 failed: exit code 1, expected exit code 0");
});

test("bisect is 125 where nothing can be tested, and 2 for wrong usage", () => {
  const missing = bisect("--", "no-such-program");
  assertEquals(missing.code, 125);
  assertStringIncludes(missing.stderr, "this can't be tested: this host has no 'no-such-program'");
  const manifest = join(folder, "m.yaml");
  writeFileSync(manifest, "suite: m\ntests:\n  - { name: one, command: 'true' }\n");
  const wrong = bisect("--manifest", manifest, "m/two");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "has no test 'm/two'");
  assertEquals(bisect("--rate", "100", "--", "true").code, 2);
});

test("bisect takes a test of a manifest", () => {
  const manifest = join(folder, "m.yaml");
  writeFileSync(
    manifest,
    "suite: m\ntests:\n  - { name: one, command: sh, args: [-c, exit 3], expect: { exit: 3 } }\n",
  );
  const { code, stderr } = bisect("--rate", "90", "--confidence", "50", "--manifest", manifest, "m/one");
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "good: 1 run passed");
});
