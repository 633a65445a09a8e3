import { afterAll, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { findKept, findTrace } from "../files/mod.ts";
import { fileNameOf } from "../text/mod.ts";
import { debugCommand, replayCommand } from "./replay-command.ts";

const root = mkdtempSync(join(tmpdir(), "tickproof-kept-"));
const before = process.env.TICKPROOF_TRACES;
process.env.TICKPROOF_TRACES = root;
afterAll(() => {
  rmSync(root, { recursive: true });
  if (before === undefined) delete process.env.TICKPROOF_TRACES;
  else process.env.TICKPROOF_TRACES = before;
});

/** Makes a kept trace. */
function keep(run: number, attempt: string, below = "trace"): string {
  const path = join(root, "suites", `run-${run}`, attempt, below);
  mkdirSync(path, { recursive: true });
  return path;
}

test("findKept() takes the newest run, the first attempt, and the last recording of a script", () => {
  keep(2, "core.alarm.1");
  const newest = keep(10, "core.alarm.2");
  const last = keep(10, "core.alarm.11");
  assertEquals(findKept("core/alarm"), newest);
  assertEquals(findKept("alarm"), newest);
  assertEquals(findKept("core/alarm#11"), last);
  assertEquals(findKept("core/alarm#3"), undefined);
  assertEquals(findKept("larm"), undefined);
  const name = "two words [a=1]";
  keep(10, `s.${fileNameOf(name)}.1`, "recordings/recording-9/trace");
  const tenth = keep(10, `s.${fileNameOf(name)}.1`, "recordings/recording-10/trace");
  assertEquals(findKept(`s/${name}`), tenth);
  assertEquals(findTrace("core/alarm"), newest);
});

test("replayCommand() is the test's name where that leads to the trace, else the folder, fit for a shell", () => {
  const trace = keep(11, "core.hle.1");
  assertMatch(replayCommand({ id: "core/hle" }, { trace }), / replay core\/hle$/);
  const older = keep(3, "core.hle.1");
  assertMatch(replayCommand({ id: "core/hle" }, { trace: older }), / replay \/.*run-3\/core\.hle\.1\/trace$/);
  assertMatch(replayCommand({ id: "x" }, { trace: "/tmp/a b/it's" }), / replay '\/tmp\/a b\/it'\\''s'$/);
  assertEquals(replayCommand({ id: "x" }, { trace, replay: ["rr", "replay", "a b"] }), "rr replay 'a b'");
  assertMatch(debugCommand({ id: "core/hle" }, { trace }) ?? "", / debug core\/hle$/);
  assertEquals(debugCommand({ id: "x" }, { trace, replay: ["rr", "replay", "a b"] }), undefined);
});

test("findTrace() says what it has looked for", () => {
  assertThrows(
    () => findTrace("core/none"),
    UsageError,
    "and no run has kept a trace of a test of that name",
  );
});
