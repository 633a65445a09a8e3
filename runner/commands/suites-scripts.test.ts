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

test("a failing test keeps the recordings that it has given up, and what it printed; a passing one nothing", () => {
  const { code, stdout } = suites(`
    test("fails", async (t) => {
      console.log("before the recording");
      { await using run = await t.record("sh", ["-c", "echo kept"]); }
      throw new Error("afterwards");
    });
    test("passes", async (t) => {
      console.log("quiet");
      await using run = await t.record("true");
    });`);
  assertEquals(code, 1);
  assertMatch(stdout, /it printed:\n {6}before the recording\n/);
  assertEquals(stdout.includes("quiet"), false);
  const [, trace = ""] = /trace: (.*)\n/.exec(stdout) ?? [];
  assertStringIncludes(readFileSync(join(trace, "../record.stdout"), "utf8"), "kept");
  assertEquals(readdirSync(join(folder, "traces/suites/run-0")), ["own.fails.1"]);
});

test("a stray rejection fails the test that runs, and is told where it arose", () => {
  const { code, stdout } = suites(`
    test("strays", async () => {
      void Promise.reject(new RangeError("nobody waits"));
    });
    test("throws later", async () => {
      setTimeout(() => { throw new Error("too late"); }, 1);
      await Bun.sleep(50);
    });
    test("goes on", () => {});`);
  assertEquals(code, 1);
  assertMatch(
    stdout,
    /a promise was rejected that nobody waits for: RangeError: nobody waits\n +at .*own\.test\.ts:4:\d+/,
  );
  assertMatch(stdout, /thrown where nobody catches it: Error: too late\n +at .*own\.test\.ts:7:\d+/);
  assertMatch(stdout, /\n1 passed, 2 failed\n$/);
});

test("a failure points at the user's line, also through a module of the user's, without colours", () => {
  writeFileSync(
    join(folder, "helper.ts"),
    `export function helped(): void {\n  throw new Error("in the helper");\n}\n`,
  );
  const { stdout } = suites(`import { helped } from "./helper.ts";
    import { assertEquals } from "@std/assert";
    test("equal", () => {
      assertEquals({ a: 1 }, { a: 2 });
    });
    test("helped", () => { helped(); });`);
  assertMatch(
    stdout,
    /fail own\/equal\n {4}Values are not equal\.(?:.|\n)*?\n +at .*own\.test\.ts:5:\d+\)?\n/,
  );
  assertMatch(stdout, /Error: in the helper\n +at helped \(.*helper\.ts:2:\d+\)\n +at .*own\.test\.ts:7:\d+/);
  assertEquals(stdout.includes("\x1b"), false);
  assertEquals(stdout.includes("node_modules"), false);
});

test("a script that can't be loaded says syntax, missing module or throw, with its place, and is exit code 3", () => {
  const refused = (script: string) => {
    const { code, stderr } = suites(script);
    assertEquals(code, 3);
    return stderr;
  };
  assertMatch(
    refused("const a = ;"),
    /its syntax is wrong: .*\n +at .*own\.test\.ts:2:11\n +const a = ;\n +\^\n/,
  );
  assertMatch(
    refused('import "./no-such.ts";'),
    /a module is missing: .*no-such\.ts.*\n +at .*own\.test\.ts:2:8\n +import ".\/no-such\.ts";\n +\^\n/,
  );
  assertMatch(
    refused('import "no-such-package";'),
    /a module is missing: .*no-such-package.*\n +at .*own\.test\.ts:2:8\n/,
  );
  assertMatch(
    refused('throw new RangeError("not now");'),
    /it threw while it was loaded: RangeError: not now\n +at .*own\.test\.ts:2:\d+/,
  );
});

test("groups run with their hooks around their tests, each once where it is meant so", () => {
  const { code, stdout } = suites(`import { describe } from ${API};
    test.beforeEach(() => console.log("each"));
    describe("outer", () => {
      test.beforeAll(() => console.log("outer all"));
      test.afterAll(() => console.log("outer end"));
      describe("inner", () => {
        test.beforeEach(() => console.log("inner each"));
        test.afterEach(() => console.log("inner after"));
        test("one", () => {});
        test("two", () => { throw new Error("to see what was printed"); });
      });
      test.todo("three");
    });
    test("apart", () => { throw new Error("to see what was printed"); });`);
  assertEquals(code, 1);
  assertMatch(
    stdout,
    /fail own\/outer > inner > two\n(?:.|\n)*?it printed:\n {6}each\n {6}inner each\n {6}inner after\n/,
  );
  assertMatch(stdout, /fail own\/apart\n(?:.|\n)*?it printed:\n {6}each\n {4}[^ ]/);
  assertMatch(stdout, /skip own\/outer > three: todo/);
  assertMatch(stdout, /\n1 passed, 2 failed, 1 skipped\n$/);
});

test("a script's timeout keeps the trace, and says where each thread of its program was", () => {
  const { code, stdout } = suites(
    `test("hangs", { timeout: 5 }, async (t) => { await t.record("sleep", ["600"]); });`,
  );
  assertEquals(code, 1);
  assertMatch(stdout, /timeout own\/hangs\n {4}script took longer than 5 seconds\n/);
  assertMatch(stdout, /\n {4}task \d+: in clock_nanosleep \(system call\) at 0x/);
  assertMatch(stdout, /\n {4}trace: .*recording-0\/trace\n/);
});
