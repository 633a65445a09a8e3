import { afterEach, beforeEach, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

/** Below this project, so that "tickproof" is found; git ignores it. */
const ROOT = resolve(import.meta.dir, "../../.tickproof");

let folder = "";
beforeEach(() => {
  mkdirSync(ROOT, { recursive: true });
  folder = mkdtempSync(join(ROOT, "bun-test-"));
  writeFileSync(join(folder, "bunfig.toml"), '[test]\npreload = ["tickproof/bun"]\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `bun test` over a script. */
function bunTest(script: string, ...options: string[]): { code: number; output: string } {
  writeFileSync(join(folder, "own.test.ts"), `import { test } from "tickproof";\n${script}`);
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "test", ...options], {
    cwd: folder,
    stdin: "ignore",
    env: { ...process.env, NO_COLOR: "1", TICKPROOF_TRACES: join(folder, "traces") },
  });
  return { code: exitCode, output: `${stdout}${stderr}` };
}

test("bun test runs scripts: steps, skips with their reasons, failures, conditions", () => {
  const { code, output } = bunTest(`
    test("passes", async (t) => { await t.step("inner", () => {}); });
    test({ name: "not today", ignore: "no time", fn: () => {} });
    test("skips itself", (t) => t.skip("found nothing"));
    test("needs what is nowhere", { requires: ["vmware", "xen", "kvm"] }, () => {});
    test("fails as known", { xfail: { when: "ptrace", reason: "known" } }, () => { throw new Error("x"); });
    test("passes though known", { xfail: { when: "ptrace", reason: "known" } }, () => {});
    test("fails", () => { throw new RangeError("out of range"); });`);
  assertEquals(code, 1);
  assertMatch(output, /\(pass\) passes > inner \[/);
  assertMatch(output, /\(skip\) not today \(skipped: no time\)/);
  assertStringIncludes(output, "(skip) skips itself: found nothing");
  assertMatch(output, /\(skip\) needs what is nowhere \(skipped: this host has no '/);
  assertMatch(output, /\(xfail\) fails as known: .*known\n/);
  assertMatch(output, /\(fail\) passes though known/);
  assertMatch(output, /RangeError: out of range/);
  assertMatch(output, / 3 pass\n 2 skip\n 2 fail\n/);
});

test("bun test -t chooses tests of scripts, and a test that hangs is ended in its time", () => {
  // A time that no other run of this test names at the moment.
  const seconds = 1_000_000 + process.pid;
  const script = `
    test("chosen", () => {});
    test("hangs", { timeout: 1 }, async (t) => { await t.record("sleep", ["${seconds}"]); });`;
  const chosen = bunTest(script, "-t", "chosen");
  assertEquals(chosen.code, 0);
  assertMatch(chosen.output, / 1 pass\n 1 filtered out\n/);
  const hangs = bunTest(script, "-t", "hangs");
  assertEquals(hangs.code, 1);
  const { stdout } = Bun.spawnSync(["ps", "-eo", "args"]);
  assertEquals(stdout.toString().includes(`sleep ${seconds}`), false);
});

test("bun test runs the tests of a manifest that is imported, and shows how to replay a failure", () => {
  writeFileSync(
    join(folder, "own.suite.yaml"),
    "suite: own\ntests:\n  - { name: good, command: 'true' }\n  - { name: wrong, command: echo, args: [a], expect: { events: { max: 1 } } }\n  - { name: never, command: 'true', skip: not here }\n  - { name: many, command: echo, matrix: { args: [a, b] }, repeat: 2, expect: { stdout: { matches: '^[ab]$' } } }\n",
  );
  const { code, output } = bunTest('import "./own.suite.yaml";\ntest("beside it", () => {});');
  assertEquals(code, 1);
  assertMatch(output, /\(pass\) own > good/);
  assertMatch(output, /\(pass\) own > many\[args=a\]/);
  assertMatch(output, /\(pass\) own > many\[args=b\]/);
  assertMatch(output, /\(skip\) own > never \(skipped: not here\)/);
  assertMatch(output, /fail: events: \d+, expected at most 1\ntrace: .*\nreplay: .* replay /);
  assertMatch(output, /\(fail\) own > wrong/);
});

test("bun test shows what is wrong with a manifest at its place", () => {
  writeFileSync(join(folder, "own.suite.yaml"), "suite: own\ntsets: []\n");
  const { code, output } = bunTest('import "./own.suite.yaml";\n');
  assertEquals(code, 1);
  assertMatch(output, /own\.suite\.yaml:2:1: unknown key 'tsets': did you mean 'tests'\?/);
});

test("bun test keeps the recordings of a test that fails, shows the user's line, and knows groups and tables", () => {
  const { code, output } = bunTest(`import { describe } from "tickproof";
    describe("a group", () => {
      test("fails", async (t) => {
        { await using run = await t.record("sh", ["-c", "echo kept"]); }
        throw new Error("afterwards");
      });
      test.each([[1, 2]])("%i and %i", (a, b) => { if (a + b !== 3) throw new Error("no"); });
      test.todo("later");
    });`);
  assertEquals(code, 1);
  assertMatch(output, /Error: afterwards\n +at .*own\.test\.ts:6:\d+/);
  const [, trace = ""] = /trace: (.*)\n/.exec(output) ?? [];
  assertStringIncludes(readFileSync(join(trace, "../record.stdout"), "utf8"), "kept");
  assertMatch(output, /replay: .* replay .*fails/);
  assertMatch(output, /\(pass\) a group > 1 and 2/);
  assertMatch(output, / 1 pass\n 1 skip\n 1 fail\n/);
  // Bun ends without telling its files: what says that the run goes on is taken away at the next start.
  const kept = readdirSync(join(folder, "traces/suites/run-0")).filter((name) => name !== ".in-use");
  assertEquals(kept.length, 1);
});
