import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { loadManifest } from "../manifest/mod.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-init-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);

function tickproof(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, ...args], {
    cwd: folder,
    stdin: "ignore",
    env: { ...process.env, NO_COLOR: "1", TICKPROOF_TRACES: file("traces") },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("init writes a manifest that loads and passes, and leaves nothing else", () => {
  const { code, stdout, stderr } = tickproof("init", "--", "sh", "-c", "echo one; echo two; exit 3");
  assertEquals([code, stdout], [0, "wrote sh.yaml: run it with 'tickproof suites sh.yaml'\n"], stderr);
  assertEquals(readdirSync(folder), ["sh.yaml"]);
  assertMatch(
    readFileSync(file("sh.yaml"), "utf8"),
    /^# yaml-language-server: \$schema=\S+\/manifests\/schema\.json\n/,
  );
  const { suite, tests } = loadManifest(file("sh.yaml"));
  const [first] = tests;
  assertEquals([suite, tests.length, first?.command], ["sh", 1, "sh"]);
  assertEquals(first?.args, ["-c", "echo one; echo two; exit 3"]);
  assertEquals([first?.expect.exit, first?.expect.stdout], [3, { equals: "one\ntwo\n" }]);
  assertEquals(typeof first?.expect.ticks?.min, "number");
  const run = tickproof("suites", "--no-history", "sh.yaml");
  assertEquals(run.code, 0, run.stdout);
  assertStringIncludes(run.stdout, "1 passed, 0 failed");
});

test("init compiles a source, and expects the last line of an output that differs", () => {
  const source =
    '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%d\\ndone: 1\\n", getpid()); }\n';
  writeFileSync(file("pid.c"), source);
  assertEquals(tickproof("init", "-o", "mine.yaml", "pid.c").code, 0);
  const [first] = loadManifest(file("mine.yaml")).tests;
  assertEquals(
    [first?.name, first?.program, first?.expect.stdout],
    ["pid", "./pid.c", { contains: ["done: 1"] }],
  );
});

test("init knows an end by a signal", () => {
  assertEquals(tickproof("init", "sh", "-c", "kill -TERM $$").code, 0);
  assertEquals(loadManifest(file("sh.yaml")).tests[0]?.expect.signal, "SIGTERM");
});

test("init does not overwrite a file", () => {
  writeFileSync(file("sh.yaml"), "mine\n");
  const { code, stderr } = tickproof("init", "--", "sh", "-c", "true");
  assertEquals([code, readFileSync(file("sh.yaml"), "utf8")], [2, "mine\n"]);
  assertStringIncludes(stderr, "sh.yaml is there already, and is not overwritten: name another file with -o");
});

test("init refuses what is no program, and a folder that is not there", () => {
  const missing = tickproof("init", "no-such-program");
  assertEquals(missing.code, 2);
  assertStringIncludes(missing.stderr, "cannot run 'no-such-program'");
  assertEquals(tickproof("init", "-o", "no/such/x.yaml", "true").code, 2);
  assertEquals(readdirSync(folder), []);
});
