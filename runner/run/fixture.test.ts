/** Setup and teardown of tests, manifests and runs: when they run, what they hand on, and what their failures come to. */
import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { HookProgram } from "../manifest/mod.ts";
import { FakeRun, type FakeRunOptions, shellTest } from "./_fixtures.ts";
import type { SharedFixture } from "./shared-fixture.ts";
import type { RunSummary, TestCase, Verdict } from "./types.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-fixture-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sh = (line: string, more: Partial<HookProgram> = {}): HookProgram[] => [
  { command: "sh", args: ["-c", line], environment: {}, ...more },
];
const log = () =>
  existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8").split("\n").slice(0, -1) : [];
const read = (name: string) => readFileSync(join(folder, name), "utf8").trim();

/** A test in the folder, with what is set up for it and torn down. */
const fixed = (
  script: string,
  setup?: HookProgram[],
  teardown?: HookProgram[],
  more: Partial<TestCase> = {},
) => shellTest(script, { cwd: folder, fixture: { setup, teardown }, ...more });
const shared = (of: string): SharedFixture => ({
  of,
  cwd: folder,
  timeoutSeconds: 60,
  setup: sh(`echo "+ ${of}" >> log`),
  teardown: sh(`echo "- ${of}" >> log`),
});

async function run(
  tests: TestCase[],
  options: FakeRunOptions = {},
): Promise<{ summary: RunSummary; verdicts: Verdict[] }> {
  using fake = new FakeRun();
  const summary = await fake.run(tests, options);
  return { summary, verdicts: summary.results.map(({ verdict }) => verdict) };
}

/** Waits for a process that was killed to be gone; the test's own time ends what never is. */
async function gone(pid: string): Promise<void> {
  // Of a zombie nothing goes on.
  const lives = () => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false; // it went meanwhile
    }
  };
  while (lives()) await Bun.sleep(5);
}

test("a test's fixture stands around its native run and around its recording, and a replay needs none", async () => {
  const { verdicts } = await run([fixed("echo run >> log", sh("echo up >> log"), sh("echo down >> log"))]);
  assertEquals(verdicts, [{ kind: "pass" }]);
  assertEquals(log(), ["up", "run", "down", "up", "run", "down"]);
});

test("a setup hands variables on, and what it leaves running lives until the teardown is through", async () => {
  const setup = [
    ...sh('echo "PORT=70 7" >> $TICKPROOF_ENV; sleep 600 > /dev/null 2>&1 & echo $! > service'),
    ...sh('echo "MORE=$PORT!" >> $TICKPROOF_ENV'),
  ];
  const teardown = sh('kill -0 $(cat service) && echo "$PORT $MORE" > seen');
  const { summary, verdicts } = await run([
    fixed('test "$PORT$MORE" = "70 770 7!" && kill -0 $(cat service)', setup, teardown),
  ]);
  assertEquals(verdicts, [{ kind: "pass" }]);
  assertEquals(read("seen"), "70 7 70 7!");
  await gone(read("service"));
  assertEquals(summary.results[0]?.attempts[0]?.leaks, undefined);
});

test("a setup that fails makes its test broken with its output; what was set up by then is torn down", async () => {
  const setup = [
    ...sh("echo up >> log"),
    ...sh("echo no room; echo at all >&2; exit 3"),
    ...sh("echo never >> log"),
  ];
  const { verdicts } = await run([fixed("echo run >> log", setup, sh("echo down >> log"))]);
  assertEquals(verdicts, [
    {
      kind: "broken",
      reason:
        "the setup of the test shell/test (native) ended with exit code 3: " +
        "sh -c echo no room; echo at all >&2; exit 3\n  no room\n  at all",
    },
  ]);
  assertEquals(log(), ["up", "down"]);
});

test("a setup that can't be run, hangs, or hands on what is no variable is broken", async () => {
  const reasonOf = async (setup: HookProgram[]) => {
    const { verdicts } = await run([fixed("true", setup)]);
    assert(verdicts[0]?.kind === "broken", JSON.stringify(verdicts));
    return verdicts[0].reason;
  };
  const none = { command: "./none", args: ["a"], environment: {} };
  assertStringIncludes(await reasonOf([none]), `can't be run, since there is no '${folder}/none': ./none a`);
  assertStringIncludes(
    await reasonOf(sh("sleep 600", { timeout: 0.1 })),
    "took longer than 0.1 s: sh -c sleep 600",
  );
  assertStringIncludes(
    await reasonOf(sh("echo 1A=b >> $TICKPROOF_ENV")),
    'line 1 of $TICKPROOF_ENV is "1A=b": it must be NAME=VALUE',
  );
});

test("a teardown that fails makes a test broken; a failure of the program itself weighs more", async () => {
  const teardown = [...sh("echo stuck; exit 1"), ...sh("echo down >> log")];
  const { verdicts } = await run([fixed("true", undefined, teardown)]);
  assert(verdicts[0]?.kind === "broken");
  assertEquals(
    verdicts[0].reason,
    "the teardown of the test shell/test (native) ended with exit code 1: sh -c echo stuck; exit 1\n  stuck",
  );
  assertEquals(log(), ["down"]);
  const hangs = await run([fixed("sleep 600", undefined, sh("exit 1"), { timeoutSeconds: 0.2 })]);
  assertEquals(hangs.verdicts[0]?.kind, "timeout");
  assertStringIncludes(
    hangs.summary.results[0]?.attempts[0]?.notes?.join() ?? "",
    "the teardown of the test",
  );
});

test("fixtures of manifests and of the run stand once, from the first test that needs them to behind the last", async () => {
  const [a, b, ofRun] = [shared("manifest a"), shared("manifest b"), shared("run")];
  const inA = (name: string, more = {}) =>
    fixed(`test -n "$FAKE_RECORDED" || echo ${name} >> log`, undefined, undefined, {
      id: name,
      name,
      shared: a,
      ...more,
    });
  const tests = [
    inA("a1"),
    inA("a2", { shared: a }),
    inA("skipped", { skip: "not today" }),
    inA("b1", { shared: b }),
    inA("never", { shared: shared("manifest c"), skip: "not today" }),
  ];
  const { summary } = await run(tests, { jobs: 1, fixture: ofRun });
  assertEquals([summary.passed, summary.skipped, summary.failed], [3, 2, 0]);
  const order = [
    "+ run",
    "+ manifest a",
    "a1",
    "a2",
    "- manifest a",
    "+ manifest b",
    "b1",
    "- manifest b",
    "- run",
  ];
  assertEquals(log(), order);
});

test("where a shared fixture can't be set up, all its tests are broken; its teardown's failure breaks the run", async () => {
  const bad = { ...shared("manifest bad"), setup: sh("echo tried >> log; exit 9") };
  const stuck = { ...shared("manifest stuck"), teardown: sh("exit 4") };
  const tests = [
    fixed("true", undefined, undefined, { id: "1", name: "1", shared: bad }),
    fixed("true", undefined, undefined, { id: "2", name: "2", shared: bad }),
    fixed("true", undefined, undefined, { id: "3", name: "3", shared: stuck }),
  ];
  const { summary, verdicts } = await run(tests);
  assertEquals(
    verdicts.map(({ kind }) => kind),
    ["broken", "broken", "pass"],
  );
  assertEquals(log().toSorted(), ["+ manifest stuck", "- manifest bad", "tried"]);
  assertEquals(summary.teardownProblems, [
    "the teardown of manifest stuck ended with exit code 4: sh -c exit 4",
  ]);
});

test("a run that is ended tears everything down, in the midst of a test and of a setup", async () => {
  for (const where of ["test", "setup"]) {
    using fake = new FakeRun();
    const setup = sh(
      where === "test" ? "echo '+ test' >> log" : "echo '+ test' >> log; touch here; sleep 600",
    );
    const script = where === "test" ? "touch here; sleep 600" : "true";
    const test = fixed(script, setup, sh("echo '- test' >> log"), {
      shared: shared("manifest"),
      timeoutSeconds: 600,
    });
    const poll = setInterval(() => existsSync(join(folder, "here")) && fake.abort.abort(), 10);
    const summary = await fake.run([test], { fixture: shared("run") });
    clearInterval(poll);
    assert(summary.interrupted);
    assertEquals(log(), ["+ run", "+ manifest", "+ test", "- test", "- manifest", "- run"], where);
    rmSync(join(folder, "here"));
    rmSync(join(folder, "log"));
  }
});
