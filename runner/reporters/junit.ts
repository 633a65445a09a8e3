/**
 * JUnit's XML, as CI systems read it: a suite for each of ours, skips with their reasons, failures of the program
 * as `failure` and those of the host or the harness as `error`.
 *
 * Attempts that failed before one passed, or beside others, are told as Maven Surefire does: `flakyFailure` in a test
 * that passed in the end, `rerunFailure` in one that did not.
 * Source: maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd.
 */

import { create } from "xmlbuilder2";
import type { Attempt, Verdict } from "../results/mod.ts";
import type { RunSummary, TestCase, TestResult } from "../run/mod.ts";
import { reasonsOf } from "./details.ts";
import { replayCommand } from "./replay-command.ts";
import { stepLines } from "./step-lines.ts";
import { styleFor } from "./style.ts";

/** Where and when a run was, for its attributes. */
export interface JunitInfo {
  /** Start of the run. */
  startedAt: Date;
  hostname: string;
}

type Element = ReturnType<typeof create>;

/** What XML 1.0 can't hold, also not escaped (section 2.2). */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const clean = (text: string): string => text.replaceAll(FORBIDDEN, "\uFFFD");

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

const timeOf = ({ milliseconds }: Attempt): number =>
  Object.values(milliseconds).reduce((sum, part) => sum + (part ?? 0), 0);

const isError = ({ kind }: Verdict): boolean => kind === "broken" || kind === "unsupported";
const isFailure = ({ kind }: Verdict): boolean => kind === "fail" || kind === "timeout" || kind === "xpass";
const isSkip = ({ kind }: Verdict): boolean => kind === "skip" || kind === "xfail";

/** What a failure is told by. */
type Report = Pick<Attempt, "verdict" | "trace" | "replay">;

/** The text of a failure: all reasons, and how to replay it. */
function report(test: TestCase, { verdict, trace, replay }: Report): string {
  const command =
    trace === undefined ? [] : [`replay: ${replayCommand(test, { trace, ...(replay && { replay }) })}`];
  return [...reasonsOf(verdict), ...command].join("\n");
}

function addReport(parent: Element, test: TestCase, name: string, attempt: Report): void {
  const [first = attempt.verdict.kind] = reasonsOf(attempt.verdict);
  const element = parent.ele(name, {
    message: clean(first.split("\n")[0] ?? ""),
    type: attempt.verdict.kind,
  });
  // In flaky and rerun elements the text has a place of its own.
  const place = name === "failure" || name === "error" ? element : element.ele("stackTrace");
  place.txt(clean(report(test, attempt)));
}

function addTest(suite: Element, { test, verdict, attempts }: TestResult): void {
  const time = attempts.reduce((sum, attempt) => sum + timeOf(attempt), 0);
  const element = suite.ele("testcase", {
    name: clean(test.name),
    classname: clean(test.suite),
    time: seconds(time),
  });
  // JUnit has no word for an expected failure: as pytest does, it is a skip that says so.
  if (verdict.kind === "skip" || verdict.kind === "xfail") {
    const title = verdict.kind === "xfail" ? "xfail: " : "";
    element.ele("skipped", { message: clean(`${title}${reasonsOf(verdict).join("\n")}`) });
    return;
  }
  const steps = stepLines(attempts.at(-1)?.steps ?? [], styleFor(false));
  addVerdict(element, test, verdict, attempts);
  // The schema wants it last.
  if (steps.length > 0) element.ele("system-out").txt(clean(steps.join("\n")));
}

function addVerdict(element: Element, test: TestCase, verdict: Verdict, attempts: readonly Attempt[]): void {
  const bad = attempts.filter((attempt) => isFailure(attempt.verdict) || isError(attempt.verdict));
  if (verdict.kind === "pass" || verdict.kind === "flaky") {
    for (const attempt of bad)
      addReport(element, test, isError(attempt.verdict) ? "flakyError" : "flakyFailure", attempt);
    return;
  }
  const [first = { verdict }, ...others] = bad;
  addReport(element, test, isError(verdict) ? "error" : "failure", first);
  for (const attempt of others)
    addReport(element, test, isError(attempt.verdict) ? "rerunError" : "rerunFailure", attempt);
}

/** A summary as JUnit XML. */
export function junitXml({ results, milliseconds }: RunSummary, { startedAt, hostname }: JunitInfo): string {
  const count = (members: readonly TestResult[]) => ({
    tests: members.length,
    failures: members.filter(({ verdict }) => isFailure(verdict)).length,
    errors: members.filter(({ verdict }) => isError(verdict)).length,
    skipped: members.filter(({ verdict }) => isSkip(verdict)).length,
  });
  const { skipped: _, ...totals } = count(results); // the schema has skips in suites only
  const root = create({ version: "1.0", encoding: "UTF-8" }).ele("testsuites", {
    name: "tickproof",
    ...totals,
    time: seconds(milliseconds),
  });
  for (const [name, members] of Map.groupBy(results, ({ test }) => test.suite)) {
    const time = members
      .flatMap(({ attempts }) => attempts)
      .reduce((sum, attempt) => sum + timeOf(attempt), 0);
    const suite = root.ele("testsuite", {
      name: clean(name),
      ...count(members),
      time: seconds(time),
      // The schema has no fractions of a second and no zone.
      timestamp: startedAt.toISOString().slice(0, 19),
      hostname,
    });
    for (const member of members) addTest(suite, member);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}
