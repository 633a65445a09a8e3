/** Compares a replay with its recording: every difference becomes a sentence. */
import { group } from "../plural.ts";
import type { Exit, RecordReport, ReplayReport } from "../report.ts";
import { signalName } from "../signals.ts";

/** A phase as it looked from outside and as the engine saw it. */
export interface Observed<R> {
  report: R;
  exit: Exit;
  stdout: Buffer;
  stderr: Buffer;
}

/** Characters of an output that a message shows. */
const EXCERPT = 60;

/** "exit code 3" or "death by SIGTERM". */
export function describeExit(exit: Exit | undefined): string {
  if (exit === undefined) return "no end";
  return "code" in exit ? `exit code ${exit.code}` : `death by ${signalName(exit.signal)}`;
}

/** A stretch of an output, quoted. */
export function excerpt(bytes: Buffer, start = 0): string {
  if (start >= bytes.length) return "nothing";
  const text = bytes.subarray(start, start + EXCERPT).toString();
  return JSON.stringify(text) + (start + EXCERPT < bytes.length ? "…" : "");
}

function firstDifference(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return length;
}

function compareOutput(name: string, recorded: Buffer, replayed: Buffer): string[] {
  if (recorded.equals(replayed)) return [];
  const at = firstDifference(recorded, replayed);
  const before = recorded.subarray(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.toString("latin1").split("\n").length;
  return [
    `${name} differs at byte ${at} (line ${line}): recorded ${excerpt(recorded, lineStart)}, ` +
      `replayed ${excerpt(replayed, lineStart)}`,
  ];
}

/**
 * Finds all differences between a recording and its replay.
 *
 * @param record The recording.
 * @param replay Its replay.
 * @returns A sentence for each difference; none if they agree.
 */
export function compareRuns(record: Observed<RecordReport>, replay: Observed<ReplayReport>): string[] {
  // It stopped there, so all totals differ too: they would only bury the reason.
  if (replay.report.outcome !== "replayed")
    return [`replay ${replay.report.outcome}: ${replay.report.message}`];
  const reasons: string[] = [];
  for (const key of ["ticks", "events", "signals", "switches"] as const) {
    const [recorded, replayed] = [record.report[key], replay.report[key]];
    if (recorded !== replayed)
      reasons.push(`${key}: recorded ${group(recorded)}, replayed ${group(replayed)}`);
  }
  const [recorded, replayed] = [describeExit(record.report.exit), describeExit(replay.report.exit)];
  if (recorded !== replayed) reasons.push(`end: recorded ${recorded}, replayed ${replayed}`);
  reasons.push(...compareOutput("stdout", record.stdout, replay.stdout));
  reasons.push(...compareOutput("stderr", record.stderr, replay.stderr));
  return reasons;
}
