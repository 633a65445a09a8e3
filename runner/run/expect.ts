/** Checks a run against the expectations of its manifest. */
import { describeExit } from "../engines/mod.ts";
import { type Expectations, type Range, type TextExpectation, toRegex } from "../manifest/mod.ts";
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
  for (const part of expected.contains ?? []) {
    if (!actual.includes(part))
      reasons.push(`${name} lacks ${JSON.stringify(part)}: it is ${excerpt(actual)}`);
  }
  for (const pattern of expected.matches ?? []) {
    if (!toRegex(pattern).test(actual.toString()))
      reasons.push(`${name} has nothing that '${pattern}' matches: it is ${excerpt(actual)}`);
  }
  return reasons;
}

/** Checks a number. @returns What it does not meet, a sentence. */
export function checkRange(name: string, range: Range | undefined, actual: number): string[] {
  const { min = 0, max = Number.POSITIVE_INFINITY } = range ?? {};
  if (min === max && actual !== min) return [`${name}: ${group(actual)}, expected exactly ${group(min)}`];
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

/** Numbers that an attempt is measured by, beside those of its own. */
export interface Measures {
  /** Ticks of the recording, and those of earlier runs on this host; undefined where there are none. */
  ticks: number | undefined;
  baselineTicks: number | undefined;
  /** Milliseconds of the recording and of the native run, where there was one. */
  recordMs: number | undefined;
  nativeMs: number | undefined;
}

/**
 * Checks what is measured against something else: ticks against those of earlier runs, time against the native run.
 *
 * @returns A sentence for each expectation that it does not meet. What there is nothing to compare with is not checked.
 */
export function checkMeasures({ ticks: bounds, overhead }: Expectations, measures: Measures): string[] {
  const { ticks, baselineTicks, recordMs, nativeMs } = measures;
  const reasons: string[] = [];
  if (bounds?.baseline !== undefined && ticks !== undefined && baselineTicks !== undefined) {
    const bound = Number.parseFloat(bounds.baseline) / 100;
    if (Math.abs(ticks - baselineTicks) > bound * baselineTicks) {
      const expected = `within ${bounds.baseline} of the baseline, ${group(Math.round(baselineTicks))}`;
      reasons.push(`ticks: ${group(ticks)}, expected ${expected}`);
    }
  }
  if (overhead !== undefined && recordMs !== undefined && nativeMs !== undefined) {
    const factor = recordMs / nativeMs;
    if (factor > overhead.max) {
      const times = `${recordMs.toFixed(0)} ms recorded, ${nativeMs.toFixed(0)} ms natively`;
      reasons.push(`overhead: ${factor.toFixed(2)}× (${times}), expected at most ${overhead.max}×`);
    }
  }
  return reasons;
}
