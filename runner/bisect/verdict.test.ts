import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import type { Verdict } from "../results/mod.ts";
import { answerBy, runsNeeded } from "./verdict.ts";

test("runsNeeded() is the smallest number that shows the failure with that confidence", () => {
  assertEquals(runsNeeded({ rate: 0.5, confidence: 0.5 }), 1);
  assertEquals(runsNeeded({ rate: 0.05, confidence: 0.95 }), 59);
  assertEquals(runsNeeded({ rate: 0.999, confidence: 0.5 }), 1);
  for (const [rate, confidence] of [
    [0.01, 0.99],
    [0.2, 0.9],
  ] as const) {
    const runs = runsNeeded({ rate, confidence });
    assertEquals(1 - (1 - rate) ** runs >= confidence, true);
    assertEquals(1 - (1 - rate) ** (runs - 1) >= confidence, false);
  }
});

test("runsNeeded() refuses what is no probability", () => {
  assertThrows(() => runsNeeded({ rate: 0, confidence: 0.9 }), RangeError, "'rate' must be between 0 and 1");
  assertThrows(() => runsNeeded({ rate: 0.1, confidence: 1 }), RangeError, "'confidence'");
});

const DEMAND = { rate: 0.5, confidence: 0.9 };

/** Runs with these verdicts, then passes. */
function runs(...verdicts: Verdict[]): (number: number) => Promise<Verdict> {
  return (number) => Promise.resolve(verdicts[number - 1] ?? { kind: "pass" });
}

test("answerBy() is good after as many passes as it takes, and says how far it is", async () => {
  const told: string[] = [];
  const answer = await answerBy(DEMAND, runs(), (passed, needed) => told.push(`${passed}/${needed}`));
  assertEquals(answer, { kind: "good", runs: 4 });
  assertEquals(told, ["1/4", "2/4", "3/4", "4/4"]);
});

test("answerBy() is bad at the first failure, and skips what can't be tested", async () => {
  const fail: Verdict = { kind: "fail", reasons: ["ticks differ"] };
  const ignore = (): void => {};
  assertEquals(await answerBy(DEMAND, runs({ kind: "pass" }, fail), ignore), {
    kind: "bad",
    runs: 2,
    verdict: fail,
  });
  assertEquals(await answerBy(DEMAND, runs({ kind: "broken", reason: "does not compile" }), ignore), {
    kind: "untestable",
    runs: 1,
    reason: "does not compile",
  });
});
