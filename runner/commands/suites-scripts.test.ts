import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
const API = JSON.stringify(resolve(import.meta.dir, "../script/mod.ts"));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-suites-scripts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `tickproof suites` over a script. */
function suites(script: string, ...options: string[]): { code: number; stdout: string; stderr: string } {
  const path = join(folder, "own.test.ts");
  writeFileSync(path, `import { test } from ${API};\n${script}`);
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, "suites", ...options, path], {
    stdin: "ignore",
    env: {
      ...process.env,
      TICKPROOF_TRACES: join(folder, "traces"),
      TICKPROOF_HISTORY: join(folder, "history.sqlite"),
      NO_COLOR: "1",
    },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("suites runs scripts: verdicts, reasons of skips and failures, and the counts", () => {
  const { code, stdout } = suites(`
    test("passes", async (t) => {
      await using run = await t.record("sh", ["-c", "exit 3"]);
      if (run.exit?.code !== 3) throw new Error("no");
    });
    test("is for other hosts", { requires: "pmu", unsupported: { when: "ptrace", reason: "never here" } }, () => {});
    test("fails", async (t) => {
      await t.step("in a step", () => { throw new RangeError("out of range"); });
    });`);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "RangeError: out of range");
  assertMatch(stdout, /skip own\/is for other hosts: .*(pmu|ptrace)/);
  assertMatch(stdout, /\n1 passed, 1 failed, 1 skipped\n$/);
});

test("suites --retry makes a test flaky that passes when it is tried again, and the history has both", () => {
  const { code, stdout } = suites(
    `let turns = 0;
    test("flaky", () => { if (turns++ === 0) throw new Error("not yet"); });`,
    "--retry",
    "2",
  );
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /flaky own\/flaky: passed at try 2 in all, after: Error: not yet/);
  assertMatch(stdout, /\n1 passed, 0 failed\n$/);
  const history = Bun.spawnSync([process.execPath, CLI, "history", "--json", "own/flaky"], {
    env: { ...process.env, TICKPROOF_HISTORY: join(folder, "history.sqlite") },
  });
  const { attempts, failed } = JSON.parse(history.stdout.toString());
  assertEquals([attempts, failed], [2, 1]);
});

test("suites --until-fail, --fail-fast and --repeat end where they should", () => {
  const counting = `let turns = 0;
    test("third time", () => { if (++turns === 3) throw new Error("third"); });
    test("always", () => {});`;
  const { code, stdout } = suites(counting, "--until-fail", "--reporter", "jsonl");
  assertEquals(code, 1);
  const attempts = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "attempt-finished");
  assertEquals(attempts.filter(({ test: name }) => name === "own/third time").length, 3);
  const fast = suites(`test("a", () => { throw new Error("a"); });\ntest("b", () => {});`, "--fail-fast");
  assertEquals(fast.code, 1);
  assertStringIncludes(fast.stdout, "skip own/b: the run was ended after 0 of 1 attempts");
});

test("suites fails for 'only' and for hooks that go wrong, and says so", () => {
  const only = suites(`test.only("a", () => {});\ntest("b", () => {});`);
  assertEquals(only.code, 1);
  assertStringIncludes(only.stdout, "'only' keeps the other tests from being run");
  assertStringIncludes(only.stdout, "skip own/b: another test of its script has 'only'");
  const hook = suites(`test("a", () => {});\ntest.afterAll(() => { throw new Error("untidy"); });`);
  assertEquals(hook.code, 1);
  assertStringIncludes(hook.stdout, "afterAll: Error: untidy");
});

test("suites --list shows the tests of scripts, and leaves nothing behind", () => {
  const { code, stdout } = suites(`test("a b", { tags: ["quick"] }, () => {});`, "--list", "--json");
  assertEquals(code, 0);
  const [listed] = JSON.parse(stdout);
  assertEquals([listed.id, listed.tags], ["own/a b", ["quick"]]);
  assertEquals(readdirSync(folder), ["own.test.ts"]);
});

test("suites keeps the recordings of a test that failed", () => {
  const { stdout } = suites(`test("keeps", async (t) => {
      const run = await t.record("sh", ["-c", "echo hello"]);
      throw new Error("after the recording");
    });`);
  const [, trace = ""] = /trace: (.*)\n/.exec(stdout) ?? [];
  assertStringIncludes(readFileSync(join(trace, "../record.stdout"), "utf8"), "hello");
  const replay = Bun.spawnSync([process.execPath, CLI, "replay", "--quiet", trace]);
  assertEquals([replay.exitCode, replay.stdout.toString()], [0, "hello\n"]);
});

test("suites runs a test as often as its script's 'repeats' says, and skips one that is for rr", () => {
  const { code, stdout } = suites(`
    let turns = 0;
    test("three times", { repeats: 3 }, () => { console.log("turn", ++turns); if (turns > 3) throw new Error("4"); });
    test("once", () => {});
    test("for rr", { engine: "rr" }, () => { throw new Error("it ran"); });`);
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /three times +embedded +pass 3\/3/);
  assertMatch(stdout, /once +embedded +pass /);
  assertMatch(stdout, /skip own\/for rr: scripts record with the embedded engine/);
  assertMatch(stdout, /\n5 attempts in .*\n2 passed, 0 failed, 1 skipped\n$/);
});
