/**
 * TAP version 14 and KTAP version 1: one line a test, read by harnesses and by kernel tooling.
 *
 * Sources: testanything.org/tap-version-14-specification; docs.kernel.org/dev-tools/ktap.html.
 */
import type { StepResult } from "../results/mod.ts";
import type { RunSummary, TestResult } from "../run/mod.ts";
import { reasonsOf } from "./details.ts";
import { stepLines } from "./step-lines.ts";
import { styleFor } from "./style.ts";

/** What stands behind the `#` of a test line. */
interface Directive {
  ok: boolean;
  text: string;
}

/** A text on one line, without what would begin a directive. */
const plain = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll("\\", "\\\\").replaceAll("#", "\\#");

function tapDirective({ verdict }: TestResult): Directive {
  switch (verdict.kind) {
    case "pass":
    case "flaky":
      return { ok: true, text: "" };
    case "skip":
      return { ok: true, text: ` # SKIP ${plain(verdict.reason)}` };
    // A failure that is expected is a thing to do yet; one that stays away must be seen, so it is a plain failure.
    case "xfail":
      return { ok: false, text: ` # TODO ${plain(verdict.reason)}` };
    default:
      return { ok: false, text: "" };
  }
}

/** A text as a YAML scalar in double quotes, which JSON's are. */
const scalar = (text: string): string => JSON.stringify(text);

function diagnostics({ verdict, attempts }: TestResult): string[] {
  const reasons = verdict.kind === "skip" ? [] : reasonsOf(verdict);
  const trace = attempts.find((attempt) => attempt.trace !== undefined)?.trace;
  if (reasons.length === 0 && trace === undefined) return [];
  return [
    "  ---",
    `  verdict: ${verdict.kind}`,
    ...(reasons.length > 0 ? [`  message: ${scalar(reasons.join("\n"))}`] : []),
    ...(trace === undefined ? [] : [`  trace: ${scalar(trace)}`]),
    "  ...",
  ];
}

/** The steps of a script's test, as subtests before it. */
function subtests({ test, attempts }: TestResult): string[] {
  const { steps = [] } = attempts.at(-1) ?? {};
  return steps.length === 0 ? [] : stepTests(test.id, steps).map((line) => `    ${line}`);
}

function stepTests(title: string, steps: readonly StepResult[]): string[] {
  return [
    `# Subtest: ${plain(title)}`,
    `1..${steps.length}`,
    ...steps.flatMap(({ name, verdict, steps: inner }, index) => {
      const directive = verdict.kind === "skip" ? ` # SKIP ${plain(verdict.reason)}` : "";
      return [
        ...(inner.length === 0 ? [] : stepTests(name, inner).map((line) => `    ${line}`)),
        `${verdict.kind === "fail" ? "not ok" : "ok"} ${index + 1} - ${plain(name)}${directive}`,
      ];
    }),
  ];
}

/** A summary in TAP version 14. */
export function tapText({ results, interrupted }: RunSummary): string {
  const lines = results.flatMap((result, index) => {
    const { ok, text } = tapDirective(result);
    return [
      ...subtests(result),
      `${ok ? "ok" : "not ok"} ${index + 1} - ${plain(result.test.id)}${text}`,
      ...diagnostics(result),
    ];
  });
  const bail = interrupted ? ["Bail out! the run was ended early"] : [];
  return [`TAP version 14`, `1..${results.length}`, ...lines, ...bail, ""].join("\n");
}

/** KTAP's directives; it knows more of them than TAP. */
function ktapDirective({ verdict }: TestResult): Directive {
  switch (verdict.kind) {
    case "pass":
    case "flaky":
      return { ok: true, text: "" };
    case "skip":
      return { ok: true, text: ` # SKIP ${plain(verdict.reason)}` };
    case "timeout":
      return { ok: false, text: " # TIMEOUT" };
    case "broken":
      return { ok: false, text: " # ERROR" };
    case "unsupported":
      return { ok: false, text: ` # UNSUPPORTED ${plain(verdict.reason)}` };
    case "xfail":
      return { ok: true, text: ` # XFAIL ${plain(verdict.reason)}` };
    case "fail":
    case "xpass":
      return { ok: false, text: "" };
  }
}

/** A summary in KTAP version 1: a subtest for each suite. */
export function ktapText({ results }: RunSummary): string {
  const suites = [...Map.groupBy(results, ({ test }) => test.suite)];
  const lines = suites.flatMap(([suite, members], number) => {
    const inner = members.flatMap((result, index) => {
      const { ok, text } = ktapDirective(result);
      const reasons = result.verdict.kind === "skip" ? [] : reasonsOf(result.verdict);
      return [
        ...stepLines(result.attempts.at(-1)?.steps ?? [], styleFor(false)).map((line) => `  # ${line}`),
        ...reasons.flatMap((reason) => reason.split("\n")).map((line) => `  # ${line}`),
        `  ${ok ? "ok" : "not ok"} ${index + 1} ${plain(result.test.name)}${text}`,
      ];
    });
    const good = members.every((result) => ktapDirective(result).ok);
    return [
      "  KTAP version 1",
      `  # Subtest: ${plain(suite)}`,
      `  1..${members.length}`,
      ...inner,
      `${good ? "ok" : "not ok"} ${number + 1} ${plain(suite)}`,
    ];
  });
  return ["KTAP version 1", `1..${suites.length}`, ...lines, ""].join("\n");
}
