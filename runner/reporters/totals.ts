/** What a run came to, in two lines: how many of each verdict, in words that scripts and people can read. */

import type { RunSummary } from "../run/mod.ts";
import { counted } from "../text/mod.ts";
import { seconds } from "./table-rows.ts";

/** The last line, which scripts read: "3 passed, 1 failed, 2 skipped". */
export function totalsLine({ passed, failed, skipped }: RunSummary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The line before it: attempts, time, and all verdicts that the last one has no word for. */
export function othersLine(summary: RunSummary): string {
  const { results, counts, milliseconds, interrupted, stoppedByFailures } = summary;
  const attempts = results.reduce((sum, result) => sum + result.attempts.length, 0);
  const flagged = results.filter(({ verdict }) => verdict.kind === "pass" && verdict.flags !== undefined);
  const told = [
    ...(counts.flaky > 0
      ? [`${counts.flaky} of the passed flaky: they passed when they were tried again`]
      : []),
    ...(counts.xfail > 0 ? [`${counts.xfail} failed as expected (xfail)`] : []),
    ...(counts.timeout > 0 ? [`${counts.timeout} of the failed timed out (timeout)`] : []),
    ...(counts.unsupported > 0
      ? [`${counts.unsupported} of the failed can't be recorded by the engine (unsupported)`]
      : []),
    ...(counts.broken > 0 ? [`${counts.broken} of the failed broken by the host or the harness`] : []),
    ...(counts.xpass > 0 ? [`${counts.xpass} of the failed passed unexpectedly (xpass)`] : []),
    ...(flagged.length > 0 ? [`${flagged.length} of the passed flagged`] : []),
  ];
  const ended = interrupted ? ["ended early"] : stoppedByFailures ? ["ended early: enough tests failed"] : [];
  return [`${counted(attempts, "attempt")} in ${seconds(milliseconds)}`, ...told, ...ended].join("; ");
}
