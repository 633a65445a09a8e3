/** From what an attempt has shown to its verdict, by what was known before: flags, and failures that are expected. */
import type { Verdict } from "../../results/mod.ts";
import type { KnownFailure, RunDecision } from "../types.ts";

/** What an attempt that went wrong has shown. */
function found(verdict: Verdict): readonly string[] | undefined {
  if (verdict.kind === "fail") return verdict.reasons;
  if (verdict.kind === "timeout") return [`${verdict.phase} took longer than ${verdict.seconds} s`];
  return verdict.kind === "unsupported" ? [verdict.reason] : undefined;
}

/**
 * Judges an attempt.
 *
 * @param verdict What it has shown by itself.
 * @param decision How the test was run.
 * @param knownFailure What the file of known failures has of it.
 * @returns An expected failure is `xfail`, a pass instead of one `xpass`. What is broken stays so: it is no failure
 *   of what is tested.
 */
export function judgeAttempt(
  verdict: Verdict,
  { flags, forced, xfail }: RunDecision,
  knownFailure?: KnownFailure,
): Verdict {
  if (xfail !== undefined) {
    const known = { reason: xfail.text, ...(xfail.url !== undefined && { url: xfail.url }) };
    if (verdict.kind === "pass") return { kind: "xpass", ...known };
    const shown = found(verdict);
    if (shown !== undefined) return { kind: "xfail", ...known, found: shown };
  }
  if (xfail === undefined && knownFailure !== undefined) {
    const { reason, place, strict } = knownFailure;
    const shown = found(verdict);
    if (shown !== undefined) return { kind: "xfail", reason, found: shown };
    if (verdict.kind === "pass" && strict)
      return { kind: "xpass", reason, remedy: `take it out of ${place}` };
  }
  if (verdict.kind !== "pass") return verdict;
  const marks = [...forced.map((note) => ({ ...note, text: `forced: ${note.text}` })), ...flags];
  return marks.length > 0 ? { kind: "pass", flags: marks } : verdict;
}
