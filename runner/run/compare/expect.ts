/** Checks a run against the expectations of its manifest. */

import { describeExit } from "../../engines/mod.ts";
import { LEAST_NATIVE_MS } from "../../history/trends.ts";
import { type Expectations, type Range, type TextExpectation, toRegex } from "../../manifest/mod.ts";
import type { Exit } from "../../outcome/mod.ts";
import type { Counts } from "../../results/mod.ts";
import { group, signalNumber } from "../../text/mod.ts";
import { compareOutput, excerpt } from "./compare.ts";
import type { Mismatch } from "./mismatch.ts";

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

function checkText(
  stream: "stdout" | "stderr",
  expected: TextExpectation | undefined,
  actual: Buffer,
): Mismatch[] {
  if (expected === undefined) return [];
  const found: Mismatch[] = [];
  if (expected.equals !== undefined && actual.toString() !== expected.equals) {
    const wanted = Buffer.from(expected.equals);
    found.push({
      about: `${stream} equals`,
      reason: `${stream} is ${excerpt(actual)} instead of ${excerpt(wanted)}`,
      texts: { stream, against: "the manifest", expected: wanted, found: actual },
    });
  }
  for (const part of expected.contains ?? []) {
    if (!actual.includes(part)) {
      const reason = `${stream} lacks ${JSON.stringify(part)}: it is ${excerpt(actual)}`;
      found.push({ about: `${stream} contains ${part}`, reason });
    }
  }
  for (const pattern of expected.matches ?? []) {
    if (!toRegex(pattern).test(actual.toString())) {
      const reason = `${stream} has nothing that '${pattern}' matches: it is ${excerpt(actual)}`;
      found.push({ about: `${stream} matches ${pattern}`, reason });
    }
  }
  return found;
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
 * @returns Each expectation that it does not meet.
 */
export function checkVisible(expected: Expectations, run: Visible): Mismatch[] {
  const [wanted, actual] = [describeExit(expectedExit(expected)), describeExit(run.exit)];
  return [
    ...(wanted === actual ? [] : [{ about: "end", reason: `${actual}, expected ${wanted}` }]),
    ...checkText("stdout", expected.stdout, run.stdout),
    ...checkText("stderr", expected.stderr, run.stderr),
  ];
}

/**
 * Checks what is to be printed as natively.
 *
 * @param expected From the manifest.
 * @param native What the program has printed by itself; undefined where it has not run so.
 * @param recorded The recording.
 * @returns Each output that differs.
 */
export function checkAsNatively(
  expected: Expectations,
  native: Pick<Visible, "stdout" | "stderr"> | undefined,
  recorded: Visible,
): Mismatch[] {
  if (native === undefined) return [];
  return (["stdout", "stderr"] as const).flatMap((stream) => {
    if (!expected[stream]?.native) return [];
    const texts = { stream, against: "the native run", expected: native[stream], found: recorded[stream] };
    return compareOutput(stream, texts.expected, texts.found, ["natively", "recorded"]).map((reason) => ({
      about: `${stream} natively`,
      reason,
      texts,
    }));
  });
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
  /** Ticks of the recording, and those of the baseline of this host; undefined where there are none. */
  ticks: number | undefined;
  baselineTicks: number | undefined;
  /** Milliseconds of the recording and of the native run, where there was one. */
  recordMs: number | undefined;
  nativeMs: number | undefined;
}

/**
 * Checks what is measured against something else: ticks against the baseline, time against the native run.
 *
 * @returns A sentence for each expectation that it does not meet, and a note for each that has nothing to compare with.
 */
export function checkMeasures(
  { ticks: bounds, overhead }: Expectations,
  measures: Measures,
): { reasons: string[]; notes: string[] } {
  const { ticks, baselineTicks, recordMs, nativeMs } = measures;
  const reasons: string[] = [];
  const notes: string[] = [];
  if (bounds?.baseline !== undefined && baselineTicks === undefined)
    notes.push("no baseline is set for the ticks: --update-baseline sets it");
  if (bounds?.baseline !== undefined && ticks !== undefined && baselineTicks !== undefined) {
    const bound = Number.parseFloat(bounds.baseline) / 100;
    if (Math.abs(ticks - baselineTicks) > bound * baselineTicks) {
      const expected = `within ${bounds.baseline} of the baseline, ${group(Math.round(baselineTicks))}`;
      reasons.push(`ticks: ${group(ticks)}, expected ${expected}`);
    }
  }
  if (overhead !== undefined && nativeMs !== undefined && nativeMs < LEAST_NATIVE_MS) {
    const short = `the native run took ${nativeMs.toFixed(1)} ms, less than ${LEAST_NATIVE_MS}`;
    notes.push(`the overhead is not compared: ${short}`);
  } else if (overhead !== undefined && recordMs !== undefined && nativeMs !== undefined) {
    const factor = recordMs / nativeMs;
    if (factor > overhead.max) {
      const times = `${recordMs.toFixed(0)} ms recorded, ${nativeMs.toFixed(0)} ms natively`;
      reasons.push(`overhead: ${factor.toFixed(2)}× (${times}), expected at most ${overhead.max}×`);
    }
  }
  return { reasons, notes };
}
