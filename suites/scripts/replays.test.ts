/** Scripts of record and replay: what a manifest cannot say. */
import { assert, assertEquals } from "@std/assert";
import { assertReplays, assertSameTicks, test } from "tickproof";

test("a recording replays as often as one likes, with the same ticks each time", async (t) => {
  await using recording = await t.record("../programs/threads.c");
  const first = await assertReplays(recording);
  const second = await assertReplays(recording);
  assertSameTicks(recording, first, second);
});

test("a signal comes when the program has said that it is ready", async (t) => {
  await using recording = await t.record(
    "sh",
    ["-c", "trap 'echo got it; exit 3' USR1; echo ready; while :; do :; done"],
    {
      signals: [{ send: "SIGUSR1", at: { output: /ready/ } }],
    },
  );
  assertEquals(recording.exit, { code: 3 });
  assertEquals(recording.stdout, "ready\ngot it\n");
  const signals = [...recording.events()].filter(({ kind }) => kind === "signal");
  assertEquals(signals.length, 1);
  const replay = await assertReplays(recording);
  assertEquals(replay.stdout, recording.stdout);
  await t.step("its end is in the trace", () => assert(recording.ticks > 0));
});

test("a signal at an exact tick comes at the same place in every recording", async (t) => {
  const ticks = 1_000_000;
  const signals = [{ send: "SIGUSR1", at: { ticks } }] as const;
  await using first = await t.record("exact_signal.c", [], { signals });
  await using second = await t.record("exact_signal.c", [], { signals });
  assertEquals(first.stdout, second.stdout);
  assertSameTicks(first, second);
  for (const recording of [first, second]) {
    const [signal] = [...recording.events()].filter(({ kind }) => kind === "signal");
    assertEquals(signal?.ticks, ticks);
    await assertReplays(recording);
  }
  await using later = await t.record("exact_signal.c", [], {
    signals: [{ send: "SIGUSR1", at: { ticks: ticks + 1 } }],
  });
  assertEquals(Number.parseInt(later.stdout, 10), Number.parseInt(first.stdout, 10) + 1);
});
