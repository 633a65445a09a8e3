import { test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { assert, assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import { LogWatch } from "../kernel/mod.ts";
import type { Verdict } from "../results/mod.ts";
import { FakeRun, faultyTest, shellTest } from "./_fixtures.ts";

/** The verdict of a single test run with the stand-in engine. */
async function verdictOf(...[script, more]: Parameters<typeof shellTest>): Promise<Verdict> {
  using fake = new FakeRun();
  const { results } = await fake.run([shellTest(script, more)]);
  assertExists(results[0]);
  return results[0].verdict;
}

async function verdictOfFault(fault: string, timeoutSeconds = 30): Promise<Verdict> {
  return await verdictOf("echo output", { environment: { FAKE_ENGINE: fault }, timeoutSeconds });
}

test("runTests() passes a test whose record and replay agree, and keeps nothing", async () => {
  using fake = new FakeRun();
  const summary = await fake.run([shellTest("echo output; echo more")], { repeat: 4 });
  assertEquals([summary.passed, summary.failed, summary.skipped], [1, 0, 0]);
  const [result] = summary.results;
  assertExists(result);
  assertEquals(result.passed, 4);
  assertEquals(result.attempts[0]?.counts, { ticks: 1000, events: 20, signals: 2, switches: 1 });
  assertEquals(Object.keys(result.attempts[0]?.milliseconds ?? {}), ["native", "record", "replay"]);
  assertEquals(Object.keys(result.attempts[3]?.milliseconds ?? {}), ["record", "replay"]);
  assertEquals(readdirSync(fake.root), []);
});

test("runTests() fails a test whose replay differs, and keeps its trace", async () => {
  using fake = new FakeRun();
  const { results, failed } = await fake.run([faultyTest("replay:stdout")]);
  assertEquals(failed, 1);
  assertEquals(results[0]?.verdict, {
    kind: "fail",
    reasons: ['stdout differs at byte 0 (line 1): recorded "output\\n", replayed "Output\\n"'],
  });
  const trace = results[0]?.attempts[0]?.trace;
  assertExists(trace);
  assert(existsSync(trace));
});

test("runTests() keeps all traces or none where asked to", async () => {
  using fake = new FakeRun();
  await fake.run([faultyTest("replay:stdout")], { keep: "none" });
  assertEquals(readdirSync(fake.root), []);
  const { results } = await fake.run([shellTest("true")], { keep: "all" });
  assert(existsSync(results[0]?.attempts[0]?.trace ?? ""));
});

test("runTests() fails a test with other ticks in its replay", async () => {
  const verdict = await verdictOfFault("replay:ticks");
  assertEquals(verdict, { kind: "fail", reasons: ["ticks: recorded 1,000, replayed 1,001"] });
});

test("runTests() tells a divergence from the program's own exit code 1", async () => {
  const diverged = await verdictOfFault("replay:diverged");
  assert(diverged.kind === "fail");
  assertEquals(diverged.reasons, ["replay diverged: ticks mismatch at event 3 (write)"]);
  assertEquals(await verdictOf("exit 1", { expect: { exit: 1 } }), { kind: "pass" });
});

test("runTests() tells what the engine cannot record from what the host keeps it from", async () => {
  assertEquals(await verdictOfFault("record:unsupported"), {
    kind: "unsupported",
    reason: "no io_uring",
  });
  assertEquals(await verdictOfFault("record:error"), {
    kind: "broken",
    reason: "the engine gave up to record: ptrace is not permitted",
  });
  const silent = await verdictOfFault("replay:no-report");
  assert(silent.kind === "broken");
  assertStringIncludes(silent.reason, "the engine gave up to replay: exit code 0");
});

/** Processes whose command line is this. */
function running(commandLine: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8") === commandLine;
    } catch {
      return false; // no process, or none any more
    }
  });
}

test("runTests() ends a phase that takes too long, with all that it started", async () => {
  const marker = "61.25";
  const verdict = await verdictOf(`sleep ${marker} & setsid sleep ${marker}`, { timeoutSeconds: 0.3 });
  assertEquals(verdict, { kind: "timeout", phase: "native", seconds: 0.3 });
  const left = () => running(`sleep\0${marker}\0`);
  // A killed process is seen for a moment until the kernel has taken it down.
  for (let tries = 0; tries < 500 && left().length > 0; tries++) await Bun.sleep(10);
  assertEquals(left(), []);
  assertEquals(await verdictOfFault("record:hang", 1), { kind: "timeout", phase: "record", seconds: 1 });
});

test("runTests() passes on exit code, signal, input and environment", async () => {
  assertEquals(await verdictOf("exit 3", { expect: { exit: 3 } }), { kind: "pass" });
  assertEquals(await verdictOf("kill -TERM $$", { expect: { signal: "SIGTERM" } }), { kind: "pass" });
  const copied = { stdin: "line\n", environment: { WORD: "w" }, expect: { stdout: { equals: "line\nw\n" } } };
  assertEquals(await verdictOf("cat; echo $WORD", copied), { kind: "pass" });
});

test("runTests() checks counts", async () => {
  const expect = { ticks: { min: 1001 }, signals: { max: 1 }, events: { min: 20, max: 20 } };
  assertEquals(await verdictOf("true", { expect }), {
    kind: "fail",
    reasons: ["ticks: 1,000, expected at least 1,001", "signals: 2, expected at most 1"],
  });
});

test("runTests() skips with a reason", async () => {
  assertEquals(await verdictOf("true", { skip: "not today" }), {
    kind: "skip",
    reason: "not today",
    missing: [],
  });
  const missing = await verdictOf("true", { target: { kind: "host", name: "no-such-program" } });
  assertEquals(missing, {
    kind: "skip",
    reason: "this host has no 'no-such-program'",
    missing: ["no-such-program"],
  });
});

test("runTests() runs a test that must be alone after the others", async () => {
  using fake = new FakeRun();
  const alone = shellTest("true", { id: "shell/alone", name: "alone", alone: true });
  await fake.run([alone, shellTest("true")], { repeat: 2, jobs: 4 });
  const order = fake.events.flatMap((event) => (event.kind === "attempt-finished" ? [event.test.name] : []));
  assertEquals(order, ["test", "test", "alone", "alone"]);
});

test("runTests() ends early when aborted, and says what was not run", async () => {
  using fake = new FakeRun();
  const tests = [shellTest("true"), shellTest("sleep 60", { id: "shell/long", name: "long" })];
  const summary = await fake.run(tests, {
    jobs: 1,
    onEvent: (event) => {
      if (event.kind === "phase-started" && event.test.name === "long") fake.abort.abort();
    },
  });
  assertEquals([summary.interrupted, summary.passed, summary.skipped], [true, 1, 1]);
  assertEquals(summary.results[1]?.verdict, {
    kind: "skip",
    reason: "the run was ended after 0 of 1 attempts",
    missing: [],
  });
  assertEquals(readdirSync(fake.root), []);
});

test("runTests() counts expected failures apart, and fails where one stays away", async () => {
  using fake = new FakeRun();
  const { conditions } = shellTest("");
  const xfail = [{ when: [], engine: [], reason: "not yet", url: "https://example.org" }];
  const expected = { conditions: { ...conditions, xfail } };
  const summary = await fake.run([
    faultyTest("replay:stdout", { ...expected, name: "known" }),
    shellTest("true", { ...expected, name: "mended" }),
  ]);
  const { passed, failed, skipped, xfailed } = summary;
  assertEquals({ passed, failed, skipped, xfailed }, { passed: 0, failed: 1, skipped: 0, xfailed: 1 });
  assertEquals(
    summary.results.map(({ verdict }) => verdict.kind),
    ["xfail", "xpass"],
  );
});

test("runTests() gives lines of the kernel's log to the attempt that ran, and names settings that changed", async () => {
  using fake = new FakeRun();
  const lines: string[] = [];
  const rates = ["100000", "3250"];
  const summary = await fake.run([shellTest("true"), shellTest("true", { name: "second" })], {
    jobs: 1,
    log: new LogWatch(() => [...lines]),
    settings: () => new Map([["kernel.perf_event_max_sample_rate", rates.shift() ?? ""]]),
    onEvent: (event) => {
      if (event.kind === "phase-started" && event.phase === "replay" && event.test.name === "second")
        lines.push("[1.0] perf: interrupt took too long (60205 > 38461)");
    },
  });
  assertEquals(
    summary.results.map(({ attempts }) => attempts[0]?.kernelLog),
    [undefined, ["[1.0] perf: interrupt took too long (60205 > 38461)"]],
  );
  assertEquals(summary.settingChanges, [
    { name: "kernel.perf_event_max_sample_rate", before: "100000", after: "3250" },
  ]);
});
