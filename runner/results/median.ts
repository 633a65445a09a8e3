/** The middle of some measurements: one slow run does not move it. */

/**
 * The median.
 *
 * @param values In any order.
 * @returns The middle value, the mean of the two middle ones, or undefined if there are no values.
 */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
