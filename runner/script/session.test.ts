import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { type ScriptEnd, ScriptSession } from "./session.ts";

const FIXTURE = resolve(import.meta.dir, "fixtures/every-kind.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-session-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = () => join(folder, "log");

async function runOne(name: string, timeoutSeconds = 30): Promise<ScriptEnd> {
  await using session = await ScriptSession.open(FIXTURE, log());
  const index = session.tests.findIndex((known) => known.name === name);
  assert(index >= 0, `the fixture has '${name}'`);
  return await session.run({
    index,
    files: folder,
    environment: {},
    timeoutSeconds,
    abort: new AbortController().signal,
  });
}

async function verdict(name: string): Promise<unknown> {
  const end = await runOne(name);
  assert(end.kind === "ended", end.kind);
  return end.result.verdict;
}

test("ScriptSession.open() tells the tests with their options and places", async () => {
  await using session = await ScriptSession.open(FIXTURE, log());
  const found = session.tests.find(({ name }) => name === "throws");
  const line =
    readFileSync(FIXTURE, "utf8")
      .split("\n")
      .findIndex((text) => text.includes('"throws"')) + 1;
  assertEquals(found, { name: "throws", timeout: 5, tags: ["quick"], location: { file: FIXTURE, line } });
  const names = session.tests.map(({ name }) => name);
  assertEquals(names.slice(-2), ["row 0 is 1", "row 1 is 2"]);
});

test("ScriptSession.run() gives the verdicts of tests and of the steps in them", async () => {
  const end = await runOne("passes with steps");
  assert(end.kind === "ended");
  assertEquals(end.result.verdict, { kind: "pass" });
  const [outer, ignored] = end.result.steps;
  assertEquals([outer?.name, outer?.verdict.kind, outer?.steps[0]?.name], ["outer", "pass", "inner"]);
  assertEquals(ignored?.verdict, { kind: "skip", reason: "not today" });
  assertEquals(await verdict("skips"), { kind: "skip", reason: "no such thing here" });
  assertEquals(await verdict("is ignored"), { kind: "skip", reason: "ignored by the script" });
});

test("ScriptSession.run() says what went wrong, and where in the script", async () => {
  const end = await runOne("fails in a step, and goes on");
  assert(end.kind === "ended" && end.result.verdict.kind === "fail");
  assertEquals(
    end.result.steps.map((step) => step.verdict.kind),
    ["fail", "pass"],
  );
  assertStringIncludes(end.result.verdict.reasons.join("\n"), "step 'wrong': Values are not equal");
  const thrown = JSON.stringify(await verdict("throws"));
  assertStringIncludes(thrown, "RangeError: out of range");
  assertStringIncludes(thrown, "every-kind.ts:");
  assertStringIncludes(JSON.stringify(await verdict("forgets to await")), "the step 'slow' has not ended");
});

test("ScriptSession.run() ends a script that hangs, and tells one that dies", async () => {
  assertEquals(await runOne("hangs", 0.2), { kind: "timeout" });
  assertEquals(await runOne("dies"), { kind: "died", how: "killed by SIGKILL" });
});

test("ScriptSession.close() runs the last hooks once, after those of the tests", async () => {
  const session = await ScriptSession.open(FIXTURE, log());
  const abort = new AbortController().signal;
  for (const index of [0, 2])
    await session.run({ index, files: folder, environment: {}, timeoutSeconds: 30, abort });
  assertEquals(await session.close(), []);
  assertEquals(readFileSync(log(), "utf8"), "before all\nafter each\nafter each\nafter all\n");
});

test("ScriptSession.open() refuses a script that can't be loaded, with the reason", async () => {
  const wrong = join(folder, "wrong.ts");
  writeFileSync(wrong, 'throw new TypeError("no good");\n');
  const error = await assertRejects(() => ScriptSession.open(wrong, log()), UsageError);
  assertStringIncludes(error.message, "TypeError: no good");
  await assertRejects(() => ScriptSession.open(join(folder, "missing.ts"), log()), UsageError, "missing.ts");
});
