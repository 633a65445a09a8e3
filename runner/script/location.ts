/** Finds the place in a script that called us, for messages and for editors. */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Location } from "../results/mod.ts";

/** `at name (file:line:column)`, or `at file:line:column`. */
const FRAME = /(?:\(|at )((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/;

/**
 * The innermost frame of a stack that is not of the script API's own folder.
 *
 * @param stack As `Error.stack` has it.
 * @returns The place, or undefined if the stack shows none.
 */
export function scriptLocation(stack: string): Location | undefined {
  for (const line of stack.split("\n")) {
    const [, place, number] = FRAME.exec(line.trim()) ?? [];
    if (place === undefined) continue;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (dirname(file) !== import.meta.dir) return { file, line: Number(number) };
  }
  return undefined;
}
