/** What manifests may expect beyond ends and outputs, and what they may give a program: with the stand-in engine. */

import { test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertExists, assertMatch, assertStringIncludes } from "@std/assert";
import type { Verdict } from "../../results/mod.ts";
import { FakeRun, type FakeRunOptions, faultyTest, shellTest } from "../_fixtures.ts";
import { checkMeasures } from "../compare/expect.ts";
import { type SnapshotMode, Snapshots, usualMode } from "../compare/snapshots.ts";
import type { TestCase, TestResult } from "../types.ts";

async function resultOf(test: TestCase, options: FakeRunOptions = {}): Promise<TestResult> {
  using fake = new FakeRun();
  const { results } = await fake.run([test], options);
  assertExists(results[0]);
  return results[0];
}

async function verdictOf(
  script: string,
  more: Partial<TestCase>,
  options: FakeRunOptions = {},
): Promise<Verdict> {
  return (await resultOf(shellTest(script, more), options)).verdict;
}

function reasonOf(verdict: Verdict): string {
  if (verdict.kind === "fail") return verdict.reasons.join("; ");
  return "reason" in verdict ? verdict.reason : verdict.kind;
}

/** A folder that is gone at the end of the scope. */
class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tickproof-expect-"));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

test("runTests() checks outputs by regular expressions, and exact counts", async () => {
  const matches = (pattern: string) =>
    verdictOf("echo one; echo 22", { expect: { stdout: { matches: [pattern] } } });
  assertEquals(await matches("^2+$"), { kind: "pass" });
  assertEquals(await matches("/ONE/i"), { kind: "pass" });
  assertStringIncludes(reasonOf(await matches("^two$")), "stdout has nothing that '^two$' matches: it is");
  assertEquals(await verdictOf("true", { expect: { ticks: { min: 1000, max: 1000 } } }), { kind: "pass" });
  assertEquals(await verdictOf("true", { expect: { events: { min: 21, max: 21 } } }), {
    kind: "fail",
    reasons: ["events: 20, expected exactly 21"],
  });
});

test("runTests() runs a program with files in a folder of its own, made anew for each phase", async () => {
  using beside = new Folder();
  writeFileSync(join(beside.path, "data"), "beside\n");
  const files = { "in/one.txt": "one\n", copied: { copy: "data" } };
  const script =
    'test ! -e left || exit 9; cat in/one.txt copied; echo changed > copied; touch left; ls; basename "$PWD"';
  const stdout = { equals: "one\nbeside\ncopied\nin\nleft\nwork\n" };
  using fake = new FakeRun();
  const { results } = await fake.run([shellTest(script, { files, cwd: beside.path, expect: { stdout } })], {
    repeat: 2,
  });
  assertEquals(results[0]?.verdict, { kind: "pass" });
  assertEquals(readdirSync(beside.path), ["data"]);
  assertEquals(readFileSync(join(beside.path, "data"), "utf8"), "beside\n");
  assertEquals(readdirSync(fake.root), []);
});

test("runTests() is broken where files of a test or its snapshot can't be written", async () => {
  const name = "n".repeat(300);
  const files = await verdictOf("true", { files: { [name]: "too long a name" } });
  assertEquals(files.kind, "broken");
  assertStringIncludes(reasonOf(files), "the files of the working folder can't be written: ENAMETOOLONG");
  using folder = new Folder();
  writeFileSync(join(folder.path, "__snapshots__"), "a file where the folder should be");
  const { verdict } = await withSnapshot(folder.path, "echo one", "write-missing");
  assertStringIncludes(reasonOf(verdict), "the snapshot can't be written: ");
});

/** Runs a test whose standard output must be as in its snapshot. */
async function withSnapshot(folder: string, script: string, mode: SnapshotMode, more: FakeRunOptions = {}) {
  const snapshots = new Snapshots(mode);
  const test = shellTest(script, { name: "t[a=1]", cwd: folder, expect: { stdout: { snapshot: true } } });
  const { verdict } = await resultOf(test, { snapshots, ...more });
  return { verdict, written: snapshots.written };
}

test("runTests() compares what is recorded with what is printed natively, where a test wants it", async () => {
  // Natively the mark of the run is in the environment; recorded, the engine holds the program.
  const script = `if [ -n "$TICKPROOF_RUN_MARK" ]; then echo by itself; else echo recorded; fi`;
  const expecting = (stdout: { native?: true }, nativeRuns = 1) =>
    resultOf(shellTest(script, { expect: { stdout } }), { nativeRuns });
  assertEquals((await expecting({})).verdict.kind, "pass");
  assertEquals((await expecting({ native: true }, 0)).verdict.kind, "pass");
  const { verdict, attempts } = await expecting({ native: true });
  assertEquals(verdict, {
    kind: "fail",
    reasons: ['recorded: stdout differs at byte 0 (line 1): natively "by itself\\n", recorded "recorded\\n"'],
  });
  assertEquals(attempts[0]?.differences?.[0]?.against, "the native run");
});

test("runTests() writes a missing snapshot, compares with it, and writes it anew when asked", async () => {
  using folder = new Folder();
  const first = await withSnapshot(folder.path, "echo one; echo two", "write-missing");
  assertEquals([first.verdict, first.written.length], [{ kind: "pass" }, 1]);
  const [file = ""] = first.written.map((path) => resolve(path));
  assertMatch(file, /\/__snapshots__\/shell\.t_a_1_-\w+\.stdout$/);
  assertEquals(readFileSync(file, "utf8"), "one\ntwo\n");
  const same = await withSnapshot(folder.path, "echo one; echo two", "write-missing");
  assertEquals(same, { verdict: { kind: "pass" }, written: [] });
  const other = await withSnapshot(folder.path, "echo one; echo three", "write-missing");
  assertStringIncludes(
    reasonOf(other.verdict),
    'stdout differs at byte 5 (line 2): the snapshot has "two\\n", found "three\\n"; if that is right, --update-snapshots',
  );
  const updated = await withSnapshot(folder.path, "echo one; echo three", "update");
  assertEquals([updated.verdict, updated.written], [{ kind: "pass" }, first.written]);
  assertEquals(readFileSync(file, "utf8"), "one\nthree\n");
});

test("runTests() compares further attempts with the snapshot that the first one has written", async () => {
  using folder = new Folder();
  const more = { repeat: 2, jobs: 1, nativeRuns: 0 };
  const { verdict } = await withSnapshot(folder.path, "date +%N", "update", more);
  assertStringIncludes(reasonOf(verdict), "the snapshot has");
});

test("runTests() writes no snapshot of an attempt that fails, and none in CI", async () => {
  using folder = new Folder();
  const failed = await withSnapshot(folder.path, "echo one; exit 1", "write-missing", { nativeRuns: 0 });
  assertEquals([failed.verdict.kind, failed.written], ["fail", []]);
  const { verdict, written } = await withSnapshot(folder.path, "echo one", "compare");
  assertStringIncludes(reasonOf(verdict), "stdout has no snapshot ");
  assertEquals([written, existsSync(join(folder.path, "__snapshots__"))], [[], false]);
});

test("usualMode() writes what is missing, but not in CI", () => {
  assertEquals([usualMode({}), usualMode({ CI: "false" })], ["write-missing", "write-missing"]);
  assertEquals(usualMode({ CI: "true" }), "compare");
});

test("runTests() checks ticks against the baseline, and says where none is set", async () => {
  const near = (baseline: number | undefined) =>
    resultOf(shellTest("true", { expect: { ticks: { baseline: "5%" } } }), { baselineTicks: () => baseline });
  const without = await near(undefined);
  assertEquals(without.verdict, { kind: "pass" });
  assertEquals(without.attempts[0]?.notes, ["no baseline is set for the ticks: --update-baseline sets it"]);
  assertEquals((await near(1040)).verdict, { kind: "pass" });
  const above = (await near(1100)).verdict;
  assertEquals(reasonOf(above), "ticks: 1,000, expected within 5% of the baseline, 1,100");
  const below = (await near(900)).verdict;
  assertEquals(reasonOf(below), "ticks: 1,000, expected within 5% of the baseline, 900");
});

test("runTests() checks the overhead of the recording where the native run is long enough to compare with", async () => {
  const within = (max: number, nativeRuns: number, script = "sleep 0.02") =>
    resultOf(shellTest(script, { expect: { overhead: { max } } }), { nativeRuns });
  assertEquals((await within(1e6, 1)).verdict, { kind: "pass" });
  // The stand-in starts a runtime before the program: it can't be a thousand times as fast.
  assertMatch(
    reasonOf((await within(0.001, 1)).verdict),
    /^overhead: \d+\.\d\d× \(\d+ ms recorded, \d+ ms natively\), expected at most 0\.001×$/,
  );
  assertEquals((await within(0.001, 0)).verdict, { kind: "pass" });
});

test("checkMeasures() compares no overhead with a native run of less than 10 ms, and says so", () => {
  const measures = { ticks: 1, baselineTicks: undefined, recordMs: 500 };
  const expect = { overhead: { max: 2 } };
  assertEquals(checkMeasures(expect, { ...measures, nativeMs: 9.94 }), {
    reasons: [],
    notes: ["the overhead is not compared: the native run took 9.9 ms, less than 10"],
  });
  assertEquals(checkMeasures(expect, { ...measures, nativeMs: 10 }).reasons.length, 1);
});

test("runTests() checks counters of the native run", async () => {
  const faults = (range: { min?: number; max?: number }) =>
    verdictOf("true", { expect: { counters: { "page-faults:u": range, "task-clock:u": { min: 1 } } } });
  assertEquals(await faults({ min: 1, max: 1_000_000 }), { kind: "pass" });
  assertMatch(
    reasonOf(await faults({ max: 0 })),
    /^page-faults:u of the native run: [\d,]+, expected at most 0$|expected exactly 0$/,
  );
});

test("runTests() skips a test whose event this host can't count", async () => {
  const verdict = await verdictOf("true", { expect: { counters: { "no-such-event": { min: 1 } } } });
  assert(verdict.kind === "skip");
  assertEquals(verdict.missing, ["no-such-event"]);
  assertStringIncludes(verdict.reason, "this host can't count 'no-such-event': ");
});

test("runTests() makes as many attempts as a test wants", async () => {
  using fake = new FakeRun();
  const tests = [
    shellTest("true", { id: "a", name: "a", repeat: 3 }),
    shellTest("true", { id: "b", name: "b" }),
  ];
  const { results } = await fake.run(tests, { repeat: 2 });
  assertEquals(
    results.map(({ verdict, attempts, passed }) => [verdict.kind, attempts.length, passed]),
    [
      ["pass", 3, 3],
      ["pass", 2, 2],
    ],
  );
});

test("runTests() reports what is wrong with a replay beside what was not expected", async () => {
  const test = faultyTest("replay:ticks", { expect: { ticks: { min: 7, max: 7 } } });
  assertEquals((await resultOf(test)).verdict, {
    kind: "fail",
    reasons: ["ticks: 1,000, expected exactly 7", "ticks: recorded 1,000, replayed 1,001"],
  });
});
