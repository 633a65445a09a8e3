/** Counts in words. */

const grouped = new Intl.NumberFormat("en-US");

/** A number with its thousands apart: "1,000,000,000". */
export function group(count: number): string {
  return grouped.format(count);
}

/**
 * A count with its noun: "1 signal", "12,345 ticks".
 *
 * @param count How many.
 * @param noun Of what, in the singular.
 * @param plural The plural, if it is not the noun with an s.
 */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${group(count)} ${count === 1 ? noun : plural}`;
}
