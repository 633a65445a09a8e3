/** How often values occur: the bins of a histogram. */

/** Bins of equal width; `from` is where each begins. */
export interface Distribution {
  from: number[];
  counts: number[];
  width: number;
}

/**
 * Sorts values into bins.
 *
 * @param values Whole numbers.
 * @param most Bins at most; fewer where the values lie closer together.
 */
export function distributionOf(values: readonly number[], most = 30): Distribution {
  if (values.length === 0) return { from: [], counts: [], width: 1 };
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  const width = Math.max(1, Math.ceil((greatest - least + 1) / most));
  const bins = Math.floor((greatest - least) / width) + 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((value - least) / width);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from: counts.map((_, bin) => least + bin * width), counts, width };
}
