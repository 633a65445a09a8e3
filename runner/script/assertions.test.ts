import { test } from "bun:test";
import { AssertionError, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertReplays, assertSameTicks } from "./assertions.ts";
import type { Recording, Replay, Run } from "./recording.ts";

const run: Run = { exit: { code: 0 }, ticks: 1000, signals: 1, switches: 0, stdout: "a\n", stderr: "" };

/** A recording whose replay is given. */
const recordingOf = (replay: Replay) =>
  ({ ...run, replay: () => Promise.resolve(replay) }) as unknown as Recording;

test("assertReplays() gives the replay where all is the same", async () => {
  const replay = { ...run, divergence: undefined };
  assertEquals(await assertReplays(recordingOf(replay)), replay);
});

test("assertReplays() shows both sides of what differs", async () => {
  const replay = { ...run, ticks: 1001, stdout: "b\n", divergence: undefined };
  const error = await assertRejects(() => assertReplays(recordingOf(replay)), AssertionError);
  assertEquals(
    error.message,
    `The replay differs:
  ticks   expected  1,000
          found     1,001
  stdout  expected  "a\\n"
          found     "b\\n"`,
  );
});

test("assertReplays() shows ticks and registers of a divergence", async () => {
  const difference = {
    task: 7,
    name: "write",
    expected: { ticks: 4180530, registers: { rax: "0x1", rip: "0x401000" } },
    found: { ticks: 4240512, registers: { rax: "0x1", rip: "0x402000" } },
  };
  const divergence = { event: 12, message: "ticks mismatch at event 12 (write)", difference, ...difference };
  const error = await assertRejects(() => assertReplays(recordingOf({ ...run, divergence })), AssertionError);
  assertEquals(
    error.message,
    `The recording does not replay: ticks mismatch at event 12 (write)
  ticks  expected  4,180,530
         found     4,240,512
  rip    expected  0x401000
         found     0x402000`,
  );
});

test("assertSameTicks() names the run that differs, and by how much", () => {
  assertSameTicks(run, run);
  const error = assertThrows(() => assertSameTicks(run, run, { ...run, ticks: 990 }), AssertionError);
  assertEquals(
    error.message,
    "Run 3 has other ticks than the first one (10 fewer):\n  ticks  expected  1,000\n         found     990",
  );
});
