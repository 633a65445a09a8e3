/** Runs with optimisations switched off, for the finders that are run by hand: what `--no` means. */

import { OPTIMISATIONS } from "../engine/optimisations.ts";
import { didYouMean } from "../ffi/mod.ts";

const NAMES: readonly string[] = Object.keys(OPTIMISATIONS);

/**
 * The values of `TICKPROOF_NO` that each program is tried with.
 *
 * @param words What `--no` was given, once for each time: names joined by commas, `none`, `all`, or `each` for
 *   nothing switched off, each one alone, and all of them.
 * @returns At least one value; "" switches off nothing. A name that is none ends the process with exit code 2.
 */
export function switchedOff(words: readonly string[]): string[] {
  if (words.length === 0) return [""];
  return [...new Set(words.flatMap(valuesOf))];
}

function valuesOf(word: string): string[] {
  if (word === "none") return [""];
  if (word === "all") return [NAMES.join(",")];
  if (word === "each") return ["", ...NAMES, NAMES.join(",")];
  const wrong = word.split(",").find((name) => !NAMES.includes(name));
  if (wrong === undefined) return [word];
  const hint = didYouMean(wrong, [...NAMES, "none", "all", "each"]);
  console.error(
    `--no takes none, all, each, or names of optimisations (${NAMES.join(",")}): current value is '${word}'${hint}`,
  );
  process.exit(2);
}
