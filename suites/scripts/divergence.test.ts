/** A trace that says something else than happened is found out: where, and what was expected there. */
import { rmSync } from "node:fs";
import { AssertionError, assert, assertEquals, assertRejects } from "@std/assert";
import { assertReplays, test } from "tickproof";
import { rewriteTrace } from "../_forge.ts";

test("a tick too many in a trace is a divergence at that event, with ticks and registers of both sides", async (t) => {
  await using recording = await t.record("echo", ["hello"]);
  const forged = rewriteTrace(recording.trace, `${recording.trace}-forged`, (event) => {
    if (event.kind !== "syscall" || event.stream !== 1) return false;
    event.ticks += 1;
    return true;
  });
  assert((await recording.replay()).divergence === undefined, "the trace itself replays");
  // The recording's own trace gives way to the forged one.
  rmSync(recording.trace, { recursive: true });
  rewriteTrace(forged.trace, recording.trace, () => false);

  const { divergence } = await recording.replay();
  assert(divergence?.expected && divergence.found, "the replay diverges");
  assertEquals(divergence.event, forged.index);
  assertEquals(divergence.expected.ticks - divergence.found.ticks, 1);
  assertEquals(divergence.expected.registers, divergence.found.registers);
  assert(Object.keys(divergence.found.registers).includes("rip"));
  await assertRejects(() => assertReplays(recording), AssertionError, "ticks mismatch at event");
});
