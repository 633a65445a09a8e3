/** Checks a run against the expectations of its manifest. */
import { describeExit } from "../engines/mod.ts";
import type { Expectations, Range, TextExpectation } from "../manifest/mod.ts";
import { group } from "../plural.ts";
import type { Exit } from "../report.ts";
import { signalNumber } from "../signals.ts";
import { excerpt } from "./compare.ts";
import type { Counts } from "./types.ts";

/** What a run shows to anyone: no counts. */
export interface Visible {
  exit: Exit | undefined;
  stdout: Buffer;
  stderr: Buffer;
}

function expectedExit({ exit, signal }: Expectations): Exit {
  if (signal === undefined) return { code: exit ?? 0 };
  return { signal: signalNumber(signal) ?? 0 };
}

function checkText(name: string, expected: TextExpectation | undefined, actual: Buffer): string[] {
  if (expected === undefined) return [];
  const reasons: string[] = [];
  if (expected.equals !== undefined && actual.toString() !== expected.equals) {
    reasons.push(`${name} is ${excerpt(actual)} instead of ${excerpt(Buffer.from(expected.equals))}`);
  }
  for (const part of [expected.contains ?? []].flat()) {
    if (!actual.includes(part))
      reasons.push(`${name} lacks ${JSON.stringify(part)}: it is ${excerpt(actual)}`);
  }
  return reasons;
}

function checkRange(name: string, range: Range | undefined, actual: number): string[] {
  const { min = 0, max = Number.POSITIVE_INFINITY } = range ?? {};
  if (actual < min) return [`${name}: ${group(actual)}, expected at least ${group(min)}`];
  return actual > max ? [`${name}: ${group(actual)}, expected at most ${group(max)}`] : [];
}

/**
 * Checks what anyone can see of a run: its end and its output.
 *
 * @param expected From the manifest.
 * @param run The run.
 * @returns A sentence for each expectation that it does not meet.
 */
export function checkVisible(expected: Expectations, run: Visible): string[] {
  const [wanted, actual] = [describeExit(expectedExit(expected)), describeExit(run.exit)];
  return [
    ...(wanted === actual ? [] : [`${actual}, expected ${wanted}`]),
    ...checkText("stdout", expected.stdout, run.stdout),
    ...checkText("stderr", expected.stderr, run.stderr),
  ];
}

/**
 * Checks what the engine counted, as far as it tells.
 *
 * @param expected From the manifest.
 * @param counts Of the recording.
 * @param comparable Those that mean what a manifest means by them.
 * @returns A sentence for each expectation that it does not meet.
 */
export function checkCounts(
  expected: Expectations,
  counts: Partial<Counts>,
  comparable: ReadonlySet<keyof Counts>,
): string[] {
  return (["ticks", "events", "signals", "switches"] as const).flatMap((key) => {
    const count = counts[key];
    return count === undefined || !comparable.has(key) ? [] : checkRange(key, expected[key], count);
  });
}
