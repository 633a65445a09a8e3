/** What a run does not meet, and where a text was expected, how the found one differs from it. */

import type { Hunk, OutputDifference, Phase } from "../../results/mod.ts";

/** One thing that a run does not meet. */
export interface Mismatch {
  /** What it is about, so that the same of two runs can be told: "end", "stdout equals". */
  about: string;
  /** A sentence. */
  reason: string;
  /** The texts, where there are two to compare. */
  texts?: { stream: "stdout" | "stderr"; against: string; expected: Buffer; found: Buffer };
}

/** Lines that are shown of all hunks together, and letters of each. */
const MOST_LINES = 200;
const MOST_LETTERS = 2000;
/** Longer texts are compared near their first difference only. */
const MOST_BYTES = 1 << 20;
/** Lines that are shown around a difference. */
const CONTEXT = 3;
/** What jsdiff may take for texts that have nothing in common. */
const MOST_MILLISECONDS = 2000;

/**
 * Finds how two texts differ, line by line.
 *
 * @param texts Of a mismatch.
 * @param phase That the found one is of.
 */
export async function differenceOf(
  { stream, against, expected, found }: NonNullable<Mismatch["texts"]>,
  phase: Phase,
): Promise<OutputDifference> {
  // Only failures need it.
  const { structuredPatch } = await import("diff");
  const [from, before, after] = nearFirstDifference(expected, found);
  const patch = structuredPatch("", "", before, after, "", "", {
    context: CONTEXT,
    timeout: MOST_MILLISECONDS,
  });
  const hunks = patch?.hunks ?? [wholeHunk(before, after)];
  let room = MOST_LINES;
  const shown: Hunk[] = [];
  let more = 0;
  for (const { oldStart, newStart, lines } of hunks) {
    const part = lines.slice(0, room).map((line) => line.slice(0, MOST_LETTERS));
    room -= part.length;
    more += lines.slice(part.length).filter((line) => !line.startsWith(" ")).length;
    if (part.length > 0)
      shown.push({ expectedStart: from + oldStart, foundStart: from + newStart, lines: part });
  }
  return { stream, phase, against, hunks: shown, more };
}

/** All of one text against all of the other one: of two that have so little in common that to compare takes too long. */
function wholeHunk(before: string, after: string) {
  const lines = (mark: string, text: string) => text.split("\n").map((line) => mark + line);
  return { oldStart: 1, newStart: 1, lines: [...lines("-", before), ...lines("+", after)] };
}

/** Two texts as they are, or of long ones the part from shortly before their first difference on. */
function nearFirstDifference(expected: Buffer, found: Buffer): [lines: number, string, string] {
  if (expected.length <= MOST_BYTES && found.length <= MOST_BYTES)
    return [0, expected.toString(), found.toString()];
  let start = 0;
  const length = Math.min(expected.length, found.length);
  let at = 0;
  while (at < length && expected[at] === found[at]) at++;
  for (let lines = 0; lines <= CONTEXT && at > 0; lines++) {
    at = expected.lastIndexOf(0x0a, at - 1);
    if (at < 0) break;
    start = at + 1;
  }
  const before = expected.subarray(0, start).toString("latin1").split("\n").length - 1;
  const part = (text: Buffer) => text.subarray(start, start + MOST_BYTES).toString();
  return [before, part(expected), part(found)];
}

/**
 * What a native run and a recording do not meet, in sentences: what both do not is told once, as the recording has it.
 *
 * @param native Of the native run; undefined where there was none.
 * @param recorded Of the recording.
 */
export function sayWhere(native: readonly Mismatch[] | undefined, recorded: readonly Mismatch[]): string[] {
  if (native === undefined) return recorded.map(({ reason }) => reason);
  const both = (list: readonly Mismatch[], about: string) => list.some((other) => other.about === about);
  return [
    ...native.filter(({ about }) => !both(recorded, about)).map(({ reason }) => `natively: ${reason}`),
    ...recorded.map(({ about, reason }) => (both(native, about) ? reason : `recorded: ${reason}`)),
  ];
}
