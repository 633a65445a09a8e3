/** Compares a replay with its recording: every difference becomes a sentence. */
import { type Completed, describeExit } from "../../engines/mod.ts";
import { group } from "../../text/mod.ts";
import type { Mismatch } from "./mismatch.ts";

/** Characters of an output that a message shows. */
const EXCERPT = 60;

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

/**
 * Finds where two outputs differ.
 *
 * @param name What they are outputs of: "stdout".
 * @param verbs What is said of the first and of the second one.
 * @returns A sentence; none if they are the same.
 */
export function compareOutput(
  name: string,
  first: Buffer,
  second: Buffer,
  verbs: readonly [string, string] = ["recorded", "replayed"],
): string[] {
  if (first.equals(second)) return [];
  const at = firstDifference(first, second);
  const before = first.subarray(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.toString("latin1").split("\n").length;
  return [
    `${name} differs at byte ${at} (line ${line}): ${verbs[0]} ${excerpt(first, lineStart)}, ` +
      `${verbs[1]} ${excerpt(second, lineStart)}`,
  ];
}

/**
 * Finds all differences between a recording and its replay, in what the engine tells of both.
 *
 * @param record The recording.
 * @param replay Its replay.
 * @returns Each difference; none if they agree.
 */
export function compareRuns(record: Completed, replay: Completed): Mismatch[] {
  const differences: Mismatch[] = [];
  for (const key of ["ticks", "events", "signals", "switches"] as const) {
    const [recorded, replayed] = [record.counts[key], replay.counts[key]];
    if (recorded === undefined || replayed === undefined) continue;
    if (recorded !== replayed)
      differences.push({
        about: key,
        reason: `${key}: recorded ${group(recorded)}, replayed ${group(replayed)}`,
      });
  }
  const [recorded, replayed] = [describeExit(record.exit), describeExit(replay.exit)];
  if (replay.exit !== undefined && recorded !== replayed)
    differences.push({ about: "end", reason: `end: recorded ${recorded}, replayed ${replayed}` });
  for (const stream of ["stdout", "stderr"] as const) {
    const [expected, found] = [record[stream], replay[stream]];
    for (const reason of compareOutput(stream, expected, found))
      differences.push({
        about: stream,
        reason,
        texts: { stream, against: "the recording", expected, found },
      });
  }
  return differences;
}
