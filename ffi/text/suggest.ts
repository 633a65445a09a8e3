/** The nearest known name to one that was mistyped. */
import { createRequire } from "node:module";

/**
 * Counts the insertions, deletions, replacements and swaps of neighbours between two words. The library is loaded where a
 * name is wrong: commands start without it.
 */
function loadDistance(): (a: string, b: string) => { steps: number } {
  return createRequire(import.meta.url)("damerau-levenshtein");
}

/**
 * Finds what was probably meant.
 *
 * @param name The name as it was typed.
 * @param known The names that would be right.
 * @returns The nearest of them, or undefined if none is near enough to be meant.
 *
 * @example
 * ```ts
 * nearest("--quite", ["--quiet", "--report"]); // "--quiet"
 * ```
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const distance = loadDistance();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const { steps } = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/**
 * The end of an error message about an unknown name: ": did you mean 'x'?" or nothing.
 *
 * @param name The name as it was typed.
 * @param known The names that would be right.
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const match = nearest(name, known);
  return match === undefined ? "" : `: did you mean '${match}'?`;
}
