/** What there is to say of tests that did not pass: why, where the trace is, and how to replay it. */
import { relative, resolve } from "node:path";
import { counted } from "../plural.ts";
import type { Attempt, TestResult, Verdict } from "../run/mod.ts";
import type { Style } from "./style.ts";

/** Attempts of one test that are shown in full. */
const SHOWN = 3;
const ROOT = resolve(import.meta.dir, "../..");

/** The command that replays a trace, such that it can be pasted into a shell here. */
export function replayCommand(trace: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(trace) ? trace : `'${trace.replaceAll("'", "'\\''")}'`;
  if (Bun.which("tickproof")) return `tickproof replay ${quoted}`;
  const at = (file: string) => {
    const path = resolve(ROOT, file);
    const near = relative(process.cwd(), path);
    return near.startsWith("..") ? path : near;
  };
  return `${at("runner/bun")} ${at("runner/cli.ts")} replay ${quoted}`;
}

/** The reasons of a verdict, a sentence each. */
export function reasonsOf(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case "pass":
      return [];
    case "fail":
      return verdict.reasons;
    case "timeout":
      return [`${verdict.phase} took longer than ${counted(verdict.seconds, "second")}`];
    case "skip":
    case "broken":
      return [verdict.reason];
  }
}

function attemptLines(attempt: Attempt): string[] {
  const lines = reasonsOf(attempt.verdict).flatMap((reason) =>
    reason.split("\n").map((line) => `    ${line}`),
  );
  if (attempt.trace !== undefined) {
    return [...lines, `    trace: ${attempt.trace}`, `    replay: ${replayCommand(attempt.trace)}`];
  }
  return attempt.folder === undefined ? lines : [...lines, `    output: ${attempt.folder}`];
}

/** The lines about a test; none if it passed. */
export function detailLines({ test, verdict, attempts }: TestResult, style: Style): string[] {
  if (verdict.kind === "pass") return [];
  if (verdict.kind === "skip") return [`  ${style.warn("skip")} ${test.id}: ${verdict.reason}`];
  const wrong = attempts.filter((attempt) => attempt.verdict.kind !== "pass");
  const lines = wrong.slice(0, SHOWN).flatMap((attempt) => {
    const which = attempts.length > 1 ? `, attempt ${attempt.number}` : "";
    return [`  ${style.bad(attempt.verdict.kind)} ${test.id}${which}`, ...attemptLines(attempt)];
  });
  const more = wrong.length - SHOWN;
  return more > 0 ? [...lines, `    and ${counted(more, "more attempt")} like that`] : lines;
}
