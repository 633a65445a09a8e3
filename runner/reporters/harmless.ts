/**
 * Results as a terminal may show them: what programs, their files and their symbols are called, and what they said when they
 * ended, is in all kinds of fields of a result, and none of it may steer the terminal of who reads.
 */
import { visibleLines } from "../../ffi/mod.ts";
import type { TestResult } from "../run/mod.ts";

/** Fields with lines of their own, which show what can't be seen: they have it as it was. */
const SHOWN_OTHERWISE: ReadonlySet<string> = new Set(["output", "differences"]);

/** A value of the same shape, in which each text is harmless. */
export function harmless<T>(value: T): T;
export function harmless(value: unknown): unknown {
  if (typeof value === "string") return visibleLines(value);
  if (Array.isArray(value)) return value.map((entry) => harmless(entry));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, SHOWN_OTHERWISE.has(key) ? entry : harmless(entry)]),
  );
}

/** Results whose verdicts and attempts are harmless; tests are the user's own. */
export function harmlessResults(results: readonly TestResult[]): TestResult[] {
  return results.map((result) => ({
    ...result,
    verdict: harmless(result.verdict),
    attempts: harmless(result.attempts),
  }));
}
