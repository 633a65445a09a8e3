/** The part of a timeline that is seen, in units of its axis, and how it is moved. */

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
