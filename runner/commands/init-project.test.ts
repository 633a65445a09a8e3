/** `tickproof init` without a command: it sets a project up, and what it writes works. */
import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "yaml";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-setup-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const { TICKPROOF_TRACES: _, TICKPROOF_HISTORY: __, CI: ___, ...environment } = process.env;

function tickproof(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, ...args], {
    cwd: folder,
    stdin: "ignore",
    env: { ...environment, NO_COLOR: "1" },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A project whose tests are a make target. */
function makeProject(): void {
  writeFileSync(file("Makefile"), "check:\n\t@echo all is well\n");
}

test("init finds the tests' command, and what it writes runs", () => {
  makeProject();
  const { code, stdout, stderr } = tickproof("init");
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "tests: make check (Makefile has a target 'check')\n");
  const suite = `${folder.split("/").at(-1)}.suite.yaml`;
  for (const path of ["tickproof.yaml", suite, ".gitignore"]) {
    assertStringIncludes(stdout, `wrote ${path}\n`);
    assert(existsSync(file(path)), path);
  }
  assertEquals(readFileSync(file(".gitignore"), "utf8"), ".tickproof/\n");
  const run = tickproof("suites");
  assertEquals(run.code, 0, run.stdout + run.stderr);
  assertStringIncludes(run.stdout, "1 passed, 0 failed");
  // Traces go where .gitignore has them.
  writeFileSync(file("Makefile"), "check:\n\t@exit 3\n");
  assertEquals(tickproof("run", "--", "make", "check").code, 2);
  assert(existsSync(file(".tickproof/traces/runs/make-check-0/meta.json")));
});

test("init changes nothing that is there, and says so", () => {
  makeProject();
  writeFileSync(file("tickproof.yaml"), "jobs: 1\n");
  writeFileSync(file(".gitignore"), "build\n/.tickproof");
  const { code, stdout } = tickproof("init");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "tickproof.yaml is there already, and stays as it is\n");
  assertEquals(readFileSync(file("tickproof.yaml"), "utf8"), "jobs: 1\n");
  assertEquals(readFileSync(file(".gitignore"), "utf8"), "build\n/.tickproof");
  const again = tickproof("init");
  assertEquals(again.code, 0);
  assert(!again.stdout.includes("wrote"), again.stdout);
});

test("init in an empty folder writes an example that passes", () => {
  assertStringIncludes(tickproof("init").stdout, "no test command was found");
  const run = tickproof("suites");
  assertEquals(run.code, 0, run.stdout + run.stderr);
});

test("init --script writes a script that passes", () => {
  makeProject();
  assertStringIncludes(tickproof("init", "--script").stdout, ".script.js\n");
  const run = tickproof("suites");
  assertEquals(run.code, 0, run.stdout + run.stderr);
  assertStringIncludes(run.stdout, "1 passed, 0 failed");
});

test("init --github and --gitlab write workflows with the project's commands", () => {
  writeFileSync(file("package.json"), '{ "name": "@me/mine", "scripts": { "test": "node --test" } }');
  writeFileSync(file("package-lock.json"), "{}");
  const { code, stdout } = tickproof("init", "--github", "--gitlab");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "wrote me-mine.suite.yaml\n");
  const github = parse(readFileSync(file(".github/workflows/tickproof.yml"), "utf8"));
  const runs: string[] = github.jobs.record.steps.flatMap(({ run }: { run?: string }) => run ?? []);
  assertEquals(runs.slice(0, 2), ["npm ci", "npx tickproof run --retry 1 -- npm test"]);
  const gitlab = parse(readFileSync(file(".gitlab-ci.yml"), "utf8"));
  assertEquals(gitlab.tickproof.script.slice(0, 2), ["npm ci", "npx tickproof run --retry 1 -- npm test"]);
});

test("init refuses options of the other way to use it", () => {
  for (const [words, message] of [
    [["init", "-o", "x.yaml"], "-o needs a CMD"],
    [["init", "--github", "--", "true"], "--github sets a project up"],
  ] as const) {
    const { code, stderr } = tickproof(...words);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
});
