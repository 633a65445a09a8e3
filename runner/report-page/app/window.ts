/** The axis of a timeline: where events are on it, the part of it that is seen, and how that is moved. */
import type { Timeline } from "../page-data.ts";

/** From `start` to `end`; never less than one unit, never beyond the whole. */
export interface Window {
  start: number;
  end: number;
}

/** Units that are seen at least. */
const LEAST = 1;

function within(start: number, length: number, whole: number): Window {
  const wide = Math.min(whole, Math.max(LEAST, length));
  const from = Math.min(whole - wide, Math.max(0, start));
  return { start: from, end: from + wide };
}

/**
 * Makes the window `factor` times as wide.
 *
 * @param at What stays where it is, as a share of the window: 0 is its start.
 * @param whole Length of the whole axis.
 */
export function zoomed({ start, end }: Window, factor: number, at: number, whole: number): Window {
  const wide = Math.min(whole, Math.max(LEAST, (end - start) * factor));
  return within(start + (end - start - wide) * at, wide, whole);
}

/** Moves the window by a share of its width. */
export function moved({ start, end }: Window, by: number, whole: number): Window {
  return within(start + (end - start) * by, end - start, whole);
}

/** Index of the first value that is at least `wanted`; values ascend. */
export function firstFrom(values: readonly number[], wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where each event is: by ticks of all tasks together, or one after the other. */
export function positions({ ticks }: Pick<Timeline, "ticks">, axis: "ticks" | "events"): number[] {
  let at = 0;
  return ticks.map((more, index) => {
    at += more;
    return axis === "ticks" ? at : index + 1;
  });
}

/** 1, 2 or 5 times a power of ten: the least that is not below `least`, and whole. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power * 10;
}
