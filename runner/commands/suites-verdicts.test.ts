/** What decides over a run besides its tests: baselines, required capabilities, known failures, the history. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { UNRECORDABLE } from "./_fixtures.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-verdicts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const { TICKPROOF_TRACES: _, TICKPROOF_HISTORY: __, CI: ___, ...environment } = process.env;

/** Runs the tests of a manifest in the folder of the test. */
function suites(manifest: string, args: readonly string[] = [], more: Record<string, string> = {}) {
  writeFileSync(file("m.yaml"), `suite: m\ntests:\n${manifest}`);
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, "suites", ...args, "m.yaml"], {
    cwd: folder,
    stdin: "ignore",
    env: { ...environment, TICKPROOF_TRACES: file("traces"), TICKPROOF_HISTORY: file("h.sqlite"), ...more },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const loop = (turns: number, expect = "{}") =>
  `  - name: loop\n    command: sh\n    args: [-c, "i=0; while [ $i -lt ${turns} ]; do i=$((i + 1)); done"]\n    expect: ${expect}\n`;

test("a baseline is set on demand; a run that is worse fails and does not become one", () => {
  writeFileSync(file("tickproof.yaml"), "baseline: { ticks: 20, overhead: 100000 }\n");
  const none = suites(loop(2000), ["--baseline"]);
  assertEquals(none.code, 0);
  assertStringIncludes(none.stderr, "baseline: none is set for 1 test: --update-baseline sets it");
  // Passing runs are not learnt from.
  assertStringIncludes(suites(loop(2000), ["--baseline"]).stderr, "none is set for 1 test");
  assertMatch(suites(loop(2000), ["--update-baseline"]).stderr, /baseline set for 1 test of /);
  assertEquals(suites(loop(2000), ["--baseline"]).code, 0);
  for (let again = 0; again < 2; again++) {
    const worse = suites(loop(9000), ["--baseline", "--update-baseline"]);
    assertEquals(worse.code, 1);
    assertMatch(
      worse.stderr,
      /m\/loop: [\d,]+ ticks, the baseline has [\d,]+ \(\+[\d.]+ %; the bound is 20\.0 %\)/,
    );
    assertStringIncludes(worse.stderr, "baseline set for 0 tests");
  }
  assertEquals(suites(loop(9000), ["--update-baseline"]).code, 0);
  assertEquals(suites(loop(9000), ["--baseline"]).code, 0);
});

test("a manifest's bound is one of the baseline, also for a run that is not kept", () => {
  const bound = "{ ticks: { baseline: 10% } }";
  assertEquals(suites(loop(9000, bound), ["--update-baseline"]).code, 0);
  assertEquals(suites(loop(9000, bound)).code, 0);
  const worse = suites(loop(100, bound), ["--no-history"]);
  assertEquals(worse.code, 1);
  assertMatch(worse.stdout, /ticks: [\d,]+, expected within 10% of the baseline, [\d,]+/);
  assertEquals(suites(loop(100, bound), ["--no-history", "--update-baseline"]).code, 2);
});

test("--require fails a run that skips all tests of an engine or a capability, by a code of its own", () => {
  const manifest =
    "  - { name: plain, command: 'true' }\n  - { name: rare, command: 'true', requires: xen }\n";
  assertEquals(suites(manifest).code, 0);
  const missing = suites(manifest, ["--require", "xen"]);
  assertEquals(missing.code, 6);
  assertMatch(
    missing.stderr,
    /--require: the test that 'xen' is needed for was skipped: this host has no 'xen'/,
  );
  assertEquals(suites(manifest, ["--require", "embedded,bun"]).code, 6, "no test needs bun");
  assertEquals(suites(manifest, ["--require", "embedded"]).code, 0);
  const wrong = suites(manifest, ["--require", "embeded"]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(
    wrong.stderr,
    "no engine and no capability is called 'embeded': did you mean 'embedded'?",
  );
  const failing = `${manifest}  - { name: bad, command: 'false' }\n`;
  assertEquals(suites(failing, ["--require", "xen"]).code, 1, "a failure weighs more");
});

test("known failures don't fail the run; what passes goes out of their file, which nothing goes into unasked", () => {
  const manifest = (first: string) =>
    `  - { name: one, command: '${first}' }\n  - { name: two, command: 'false' }\n  - { name: three, command: 'true' }\n`;
  const list = ["--known-failures", "known.txt"];
  assertEquals(suites(manifest("false"), list).code, 2, "there is no such file");
  const all = suites(manifest("false"), [...list, "--update-known-failures"]);
  assertEquals(all.code, 1, "they have failed in this run");
  assertEquals(readFileSync(file("known.txt"), "utf8"), "m/one\nm/two\n");
  writeFileSync(file("known.txt"), "# not mended\nm/one\nm/two  # issue 7\n");
  const known = suites(manifest("false"), list);
  assertEquals(known.code, 0);
  assertStringIncludes(known.stdout, "xfail m/two: known failure (known.txt:3): issue 7");
  const inCi = suites(manifest("true"), list, { CI: "true" });
  assertEquals(inCi.code, 1, "a machine can't keep the shorter file");
  assertStringIncludes(inCi.stdout, "take it out of known.txt:2");
  const mended = suites(manifest("true"), list);
  assertEquals(mended.code, 0);
  assertStringIncludes(mended.stderr, "known failures: m/one passes now, and went out of the file");
  assertEquals(readFileSync(file("known.txt"), "utf8"), "# not mended\nm/two  # issue 7\n");
  assertEquals(suites("  - { name: four, command: 'false' }\n", list).code, 1);
  assertEquals(readFileSync(file("known.txt"), "utf8"), "# not mended\nm/two  # issue 7\n");
});

test("a history that is damaged, newer or can't be written is a warning, and the run goes on", () => {
  const manifest = "  - { name: one, command: 'true' }\n";
  const goesOn = (path: string, words: RegExp) => {
    const { code, stdout, stderr } = suites(manifest, [], { TICKPROOF_HISTORY: path });
    assertEquals([code, /\n1 passed, 0 failed\n$/.test(stdout)], [0, true]);
    assertMatch(stderr, words);
  };
  writeFileSync(file("damaged"), "SQLite format 3\0 but no more than that".repeat(50));
  goesOn(file("damaged"), /warning: the history .*damaged can't be used .*; this run is not added\n/);
  using newer = new Database(file("newer"));
  newer.run("PRAGMA user_version = 99");
  goesOn(file("newer"), /warning: the history .*newer has version 99, .*; this run is not added\n/);
  mkdirSync(file("folder"));
  goesOn(file("folder"), /warning: the history .*folder can't be used /);
  goesOn("/proc/history.sqlite", /warning: the history \/proc\/history\.sqlite can't be used /);
  assertEquals(existsSync(file("h.sqlite")), false);
  assertEquals(suites(manifest, ["--baseline"], { TICKPROOF_HISTORY: file("damaged") }).code, 2);
});

test("programs skip by the exit codes that the settings name; a manifest's weigh more", () => {
  writeFileSync(file("tickproof.yaml"), "skipExit: [4]\n");
  const by = (code: number, more = "") =>
    suites(`  - { name: skips, command: sh, args: [-c, "echo no luck; exit ${code}"]${more} }\n`);
  assertStringIncludes(by(4).stdout, "skip m/skips: the program skips itself by exit code 4: no luck");
  assertEquals(by(77).code, 1);
  assertEquals(by(4, ", skipExit: [9]").code, 1);
});

test("without a terminal there is no colour, whatever is told", () => {
  const { stdout, stderr } = suites(
    `  - { name: bad, command: printf, args: ["\\x1b[31mred"], expect: { stdout: { equals: a } } }\n`,
  );
  assertStringIncludes(stdout, "fail m/bad");
  assertEquals(`${stdout}${stderr}`.includes("\x1b"), false);
});

test("a command needs no compiler; only the tests that need one are broken without", () => {
  const manifest = "  - { name: plain, command: 'true' }\n  - { name: built, program: a.c }\n";
  writeFileSync(file("a.c"), "int main(void) { return 0; }\n");
  const { code, stdout } = suites(manifest, [], { CC: "no-such-compiler" });
  assertEquals(code, 5);
  assertMatch(stdout, /broken m\/built\n {4}the compiler that CC names cannot be run: 'no-such-compiler'/);
  assertMatch(stdout, /1 of the failed broken by the host or the harness\n1 passed, 1 failed\n$/);
});

test("a failure of a program and its trace are in the flake rate of the history", () => {
  assertEquals(suites("  - { name: bad, command: 'false' }\n").code, 1);
  const child = Bun.spawnSync([process.execPath, CLI, "history", "--json"], {
    cwd: folder,
    env: { ...environment, TICKPROOF_HISTORY: file("h.sqlite") },
  });
  const [trend] = JSON.parse(child.stdout.toString());
  assertEquals([trend.test, trend.attempts, trend.failed, trend.flakeRate.rate], ["m/bad", 1, 1, 1]);
});

test("what can't be recorded is unsupported, or fails as expected, and judges nothing", () => {
  const executed = `    command: perl\n    args: [-e, '${UNRECORDABLE}']\n`;
  const limit = suites(`  - name: limit\n${executed}`);
  assertEquals(limit.code, 5, limit.stdout);
  assertMatch(limit.stdout, /^ {2}unsupported m\/limit\n {4}Cannot record int 0x80 at 0x[0-9a-f]+/m);
  assertStringIncludes(limit.stdout, "1 of the failed can't be recorded by the engine (unsupported)");
  const known = suites(`  - name: limit\n${executed}    xfail: { reason: it is not recorded }\n`);
  assertEquals(known.code, 0, known.stdout);
  const beside = suites(`  - name: limit\n${executed}  - { name: fails, command: "false" }\n`);
  assertEquals(beside.code, 1, beside.stdout);
});
