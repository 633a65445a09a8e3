/** rr as an engine, with a stand-in that speaks its command line, and with the real one where it is installed. */
import { test } from "bun:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { capabilitiesOf, liveHost } from "../../host/mod.ts";
import { FakeRun, shellTest } from "../../run/_fixtures.ts";
import type { TestResult } from "../../run/mod.ts";
import { embeddedEngine, findEngines, RR_CAPABILITIES } from "../mod.ts";
import { FakeRr } from "./_fixtures.ts";
import { rrEngine } from "./engine.ts";

const VERSION = "5.6.0";

/** The result of a test with an rr that goes wrong in one way, though it has recorded before. */
async function resultWith(mode: string, script = "echo output"): Promise<TestResult> {
  using rr = new FakeRr(mode);
  using run = new FakeRun();
  const engine = rrEngine({ path: rr.path, version: VERSION, softwareCounters: mode === "software" });
  const engines = { embedded: embeddedEngine([]), rr: engine, rrIsFit: true };
  const { results } = await run.run([shellTest(script)], { engines, choice: "rr" });
  const [result] = results;
  assert(result);
  return result;
}

function enginesWith(mode: string) {
  using rr = new FakeRr(mode);
  return findEngines([], rr.host, capabilitiesOf(rr.host, RR_CAPABILITIES));
}

test("rrEngine() passes a test whose replay agrees, and counts by rr dump", async () => {
  const { verdict, engineLabel, attempts } = await resultWith("");
  assertEquals([verdict, engineLabel], [{ kind: "pass" }, "rr 5.6.0"]);
  // Ticks are of each thread: 1000 of one, 34 of the other.
  assertEquals(attempts[0]?.counts, { ticks: 1034, events: 6, signals: 1, switches: 1 });
  assertEquals(attempts[0]?.engine, "rr");
});

test("rrEngine() does without counts where rr can't dump the trace", async () => {
  const { verdict, attempts } = await resultWith("no-dump");
  assertEquals([verdict, attempts[0]?.counts], [{ kind: "pass" }, {}]);
});

test("rrEngine() uses the software counters of a fork", async () => {
  const { verdict, engineLabel } = await resultWith("software");
  assertEquals([verdict, engineLabel], [{ kind: "pass" }, "rr 5.6.0 -W"]);
});

test("rrEngine() tells a divergence in one line, with the event", async () => {
  const { verdict } = await resultWith("replay:ticks");
  assertEquals(verdict, {
    kind: "fail",
    reasons: [
      "replay diverged: ticks mismatch for 'SYSCALL: write'; expected 4180530, got 4240512 (event 345)",
    ],
  });
});

test("rrEngine() gives the command that replays a kept trace by hand", async () => {
  const [attempt] = (await resultWith("replay:ticks")).attempts;
  const [rr, ...words] = attempt?.replay ?? [];
  assertMatch(rr ?? "", /\/rr$/);
  assertEquals(words, ["replay", attempt?.trace]);
});

test("rrEngine() compares the output of record and replay", async () => {
  const { verdict } = await resultWith("replay:stdout");
  assert(verdict.kind === "fail");
  assertEquals(verdict.reasons, [
    'stdout differs at byte 0 (line 1): recorded "output\\n", replayed "Output\\n"',
  ]);
});

test("rrEngine() tells the program's exit code from rr's", async () => {
  const { verdict } = await resultWith("", "exit 1");
  assert(verdict.kind === "fail", "the program itself is not as expected, before rr comes in");
  using rr = new FakeRr();
  using run = new FakeRun();
  const engines = {
    embedded: embeddedEngine([]),
    rr: rrEngine({ path: rr.path, version: VERSION, softwareCounters: false }),
    rrIsFit: true,
  };
  const expected = shellTest("exit 1", { expect: { exit: 1 } });
  const { results } = await run.run([expected], { engines, choice: "rr" });
  assertEquals(results[0]?.verdict, { kind: "pass" });
});

test("rrEngine() fails where rr's own assertions do not hold, and is broken where rr dies or refuses", async () => {
  assertEquals((await resultWith("record:assertion")).verdict, {
    kind: "fail",
    reasons: ["rr gave up to record: Unexpected address (event 345)"],
  });
  assertEquals((await resultWith("record:killed")).verdict, {
    kind: "broken",
    reason: "rr gave up to record: death by SIGKILL",
  });
  const refused = (await resultWith("replay:refuse")).verdict;
  assert(refused.kind === "broken");
  assertMatch(refused.reason, /^rr gave up to replay: Unable to open performance counter .*$/);
});

test("findEngines() takes rr where it records, and its fork with software counters where only that does", () => {
  const plain = enginesWith("").rr;
  assert(!("refusal" in plain));
  assertEquals(plain.label, "rr 5.6.0");
  const software = enginesWith("software");
  assert(!("refusal" in software.rr));
  assertEquals([software.rr.label, software.rrIsFit], ["rr 5.6.0 -W", true]);
});

test("findEngines() has rr's own key line for a reason where rr refuses", () => {
  const { rr } = enginesWith("refuse");
  assert("refusal" in rr);
  assertMatch(rr.refusal, /^rr says: Unable to open performance counter with 'perf_event_open'.*$/);
  assertEquals(rr.missing, ["rr-starts"]);
});

test("findEngines() says that there is no rr", () => {
  const host = { ...liveHost, findProgram: () => null };
  const { rr } = findEngines([], host, capabilitiesOf(host, ["rr", "rr-starts", "rr-software-counters"]));
  assert("refusal" in rr);
  assertEquals(rr, {
    refusal: "there is no rr: neither in PATH nor named by TICKPROOF_RR",
    missing: ["rr"],
  });
});

const installed = Bun.which("rr");
const real = installed === null ? test.skip : test;
real(
  `the rr that is installed runs tests or refuses in one line${installed ? "" : " (skipped: no rr)"}`,
  async () => {
    using run = new FakeRun();
    const engines = findEngines([], liveHost, capabilitiesOf(liveHost, RR_CAPABILITIES));
    const { results, failed } = await run.run([shellTest("echo output")], { engines, choice: "rr" });
    const verdict = results[0]?.verdict;
    assert(verdict);
    assertEquals(failed, 0);
    if (verdict.kind === "pass") assert(!("refusal" in engines.rr));
    else {
      assert(verdict.kind === "skip");
      assertStringIncludes(verdict.reason, "rr says: ");
      assertEquals(verdict.reason.split("\n").length, 1);
    }
  },
);
