/** What becomes of a test that has left processes running: that is shown, or it fails, as the settings say. */
import type { Attempt, Verdict } from "../results/mod.ts";
import type { TestCase } from "./types.ts";

/** The verdict of an attempt with regard to what it has left. */
export function leakVerdict({ verdict, leaks = [] }: Attempt, { failsOnLeaks }: TestCase): Verdict {
  if (!failsOnLeaks || leaks.length === 0) return verdict;
  const reasons = leaks.map(({ phase, commands }) => `${phase} left running: ${commands.join(", ")}`);
  if (verdict.kind === "pass") return { kind: "fail", reasons };
  return verdict.kind === "fail" ? { kind: "fail", reasons: [...verdict.reasons, ...reasons] } : verdict;
}
