/** Figures of many measurements: quantiles, histograms, and ratios of pairs. */

/** A median with an interval that has it with a probability of 95 %. */
export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** How often values fell between neighbouring edges. */
export interface Histogram {
  /** Ascending; one more than there are counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Values below the first and at or above the last edge. */
  readonly below: number;
  readonly above: number;
}

/** Values in ascending order. */
export function ascending(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * A quantile, between two values in proportion (Hyndman and Fan's type 7, as R and NumPy have it).
 *
 * @param sorted Ascending, one value at least.
 * @param part 0…1; 0.5 is the median.
 */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  if (sorted.length === 0)
    throw new RangeError("Cannot take a quantile as there must be a value: there is none");
  const place = (sorted.length - 1) * part;
  const index = Math.floor(place);
  const low = sorted[index]!;
  const high = sorted[Math.min(index + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - index);
}

const Z95 = 1.959964;

/**
 * The median of values and its 95 % interval, which the order of the values gives without any assumption about
 * their distribution: the ranks n/2 ± z·√n/2 of the binomial distribution with p = ½ (Conover, "Practical
 * Nonparametric Statistics", 3.2).
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = ascending(values);
  const half = (Z95 * Math.sqrt(sorted.length)) / 2;
  const last = sorted.length - 1;
  const rank = (place: number) => sorted[Math.min(last, Math.max(0, place))]!;
  return {
    median: quantile(sorted, 0.5),
    low: rank(Math.floor(sorted.length / 2 - half) - 1),
    high: rank(Math.ceil(sorted.length / 2 + half)),
  };
}

/**
 * Edges of bins of one width.
 *
 * @param low The first edge.
 * @param high The last edge; where it is not above `low`, there is one bin of width 1.
 * @param bins How many.
 */
export function binEdges(low: number, high: number, bins: number): number[] {
  if (high <= low) return [low, low + 1];
  return Array.from({ length: bins + 1 }, (_, index) => low + ((high - low) * index) / bins);
}

/** Counts values between edges. */
export function histogram(values: Iterable<number>, edges: readonly number[]): Histogram {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let [below, above] = [0, 0];
  for (const value of values) {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    if (low === 0) below++;
    else if (low === edges.length) above++;
    else counts[low - 1]!++;
  }
  return { edges, counts, below, above };
}
