/** What there is to say of tests that did not pass: why, where the trace is, and how to replay it. */

import type { Attempt, Verdict } from "../results/mod.ts";
import { isHarmless, type TestCase, type TestResult } from "../run/mod.ts";
import { counted } from "../text/mod.ts";
import { diffLines } from "./diff-lines.ts";
import { failureLines } from "./failure-lines.ts";
import { harmlessResults } from "./harmless.ts";
import { debugCommand, replayCommand } from "./replay-command.ts";
import type { Style } from "./style.ts";
import { seconds } from "./table-rows.ts";

/** Different ways of going wrong that are shown of one test. */
const KINDS_SHOWN = 3;
/** Attempts that are named where several went wrong in the same way. */
const NUMBERS_SHOWN = 10;
/** Tests that are named where the same is to be said of several. */
const IDS_SHOWN = 4;
/** A reason with the address where more is told of it. */
function withUrl({ reason, url }: { reason: string; url?: string }): string {
  return url === undefined ? reason : `${reason} ${url}`;
}

/** The reasons of a verdict, a sentence each. */
export function reasonsOf(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case "pass":
      return (verdict.flags ?? []).map(({ text, url }) => withUrl({ reason: text, ...(url && { url }) }));
    case "fail":
      return verdict.reasons;
    case "flaky": {
      const passed = `passed at try ${verdict.attempts} in all`;
      return [`${passed}, after: ${[...new Set(verdict.reasons)].join("; ")}`];
    }
    case "timeout":
      return [`${verdict.phase} took longer than ${counted(verdict.seconds, "second")}`];
    case "xpass":
      return [
        `it passed, and was expected to fail: ${withUrl(verdict)}`,
        verdict.remedy ?? "take its xfail out of the manifest",
      ];
    case "skip":
    case "xfail":
      return [withUrl(verdict)];
    case "unsupported":
    case "broken":
      return [verdict.reason];
  }
}

/** "core/alarm, core/hle and 22 more". */
export function firstOf(ids: readonly string[]): string {
  const more = ids.length - IDS_SHOWN;
  return `${ids.slice(0, IDS_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** "attempt 3", or "attempts 1, 2, 5 and 4 more". */
function numbersOf(attempts: readonly Attempt[]): string {
  const shown = attempts.slice(0, NUMBERS_SHOWN).map(({ number }) => number);
  const more = attempts.length - shown.length;
  const list = `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return attempts.length === 1 ? `attempt ${list}` : `attempts ${list}`;
}

/** Why, how outputs differ, where the trace is and how to replay it; of several attempts alike, the first one's. */
function attemptLines(test: TestCase, attempt: Attempt, style: Style): string[] {
  const { trace, folder, notes = [], differences = [] } = attempt;
  const lines = reasonsOf(attempt.verdict).flatMap((reason) => reason.split("\n"));
  lines.push(...differences.flatMap((difference) => diffLines(difference, style)));
  lines.push(...failureLines(attempt, style), ...notes);
  if (trace !== undefined) {
    lines.push(`trace: ${trace}`, `replay: ${style.strong(replayCommand(test, attempt))}`);
    const debug = debugCommand(test, attempt);
    if (debug !== undefined) lines.push(`debug: ${style.strong(debug)}`);
  } else if (folder !== undefined) lines.push(`output: ${folder}`);
  return lines.map((line) => `    ${line}`.trimEnd());
}

/** What the kernel's log had to say while a test ran. */
function kernelLines({ test, attempts }: TestResult, style: Style): string[] {
  const lines = new Set(attempts.flatMap(({ kernelLog }) => kernelLog ?? []));
  return [...lines].map((line) => `  ${style.warn("kernel log")} while ${test.id} ran: ${line}`);
}

/** The lines about tests that let the run fail, in the tests' order. */
export function failureDetails(results: readonly TestResult[], style: Style): string[] {
  return harmlessResults(results).flatMap((result) => verdictLines(result, style));
}

/**
 * The lines about the other tests; none of one that passed, if nothing is to be said of that. What was not run, was
 * marked or failed as expected for the same reason is told of once.
 */
export function noteDetails(all: readonly TestResult[], style: Style): string[] {
  const results = harmlessResults(all);
  return [
    ...noteLines(results, style),
    ...results.flatMap((result) => markLines(result, style)),
    ...results.flatMap((result) => kernelLines(result, style)),
  ];
}

/** "SLOW core/x: record took 23.10 s", "LEAK core/x: native left 1 process: sleep 60" */
function markLines({ test, attempts }: TestResult, style: Style): string[] {
  const slow = attempts.find((attempt) => attempt.slow !== undefined);
  const times = (slow?.slow ?? []).map((phase) => `${phase} took ${seconds(slow?.milliseconds[phase] ?? 0)}`);
  const leaks = attempts.find((attempt) => attempt.leaks !== undefined)?.leaks ?? [];
  return [
    ...(times.length > 0 ? [`  ${style.warn("SLOW")} ${test.id}: ${times.join(", ")}`] : []),
    ...leaks.map(({ phase, commands }) => {
      const what = `${phase} left ${counted(commands.length, "process", "processes")}, ended now`;
      return `  ${style.warn("LEAK")} ${test.id}: ${what}: ${commands.join("; ")}`;
    }),
  ];
}

/** "skip core/alarm: …", or "skip 3 tests (core/alarm, core/hle, core/chew_cpu): …". */
function noteLines(results: readonly TestResult[], style: Style): string[] {
  const notes = results
    .filter(({ verdict }) => isHarmless(verdict))
    .flatMap(({ test, verdict }) => {
      const title = verdict.kind === "pass" ? "flag" : verdict.kind;
      return reasonsOf(verdict).map((reason) => ({ id: test.id, title, reason }));
    });
  const alike = Map.groupBy(notes, ({ title, reason }) => `${title}\0${reason}`);
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ids = firstOf(group.map(({ id }) => id));
    const which = group.length === 1 ? ids : `${counted(group.length, "test")} (${ids})`;
    return [`  ${style.warn(first.title)} ${which}: ${first.reason}`];
  });
}

function verdictLines({ test, verdict, attempts }: TestResult, style: Style): string[] {
  if (isHarmless(verdict)) return [];
  const wrong = attempts.filter((attempt) => attempt.verdict.kind !== "pass");
  const alike = [...Map.groupBy(wrong, (attempt) => JSON.stringify(attempt.verdict)).values()];
  const lines = alike.slice(0, KINDS_SHOWN).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const which = attempts.length > 1 ? `, ${numbersOf(group)}` : "";
    return [`  ${style.bad(first.verdict.kind)} ${test.id}${which}`, ...attemptLines(test, first, style)];
  });
  const more = alike.slice(KINDS_SHOWN).flat().length;
  return more > 0
    ? [...lines, `    and ${counted(more, "more attempt")} that went wrong in other ways`]
    : lines;
}
