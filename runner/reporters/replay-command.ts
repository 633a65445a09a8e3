/** The command that replays a failure, as short as it gets, such that it can be pasted into a shell here. */

import { resolve } from "node:path";
import type { Attempt } from "../results/mod.ts";
import type { TestCase } from "../run/mod.ts";
import { typedCommand } from "../tickproof.ts";
import { findKept } from "../traces.ts";

/** A word as a shell takes it for itself. */
export function quote(word: string): string {
  return /^[\w@%+=:,./#-]+$/.test(word) && !word.startsWith("#")
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The command for an attempt whose trace was kept: by the test's name where that leads to this trace, else by the
 * trace's folder.
 */
export function replayCommand(
  { id }: Pick<TestCase, "id">,
  { trace = "", replay }: Pick<Attempt, "trace" | "replay">,
): string {
  if (replay !== undefined) return replay.map(quote).join(" ");
  const name = findKept(id) === resolve(trace) ? id : trace;
  return `${typedCommand()} replay ${quote(name)}`;
}
