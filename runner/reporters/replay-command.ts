/** The commands that replay a failure and look into it, as short as they get, such that they can be pasted into a shell here. */

import { resolve } from "node:path";
import { findKept } from "../files/mod.ts";
import type { Attempt } from "../results/mod.ts";
import type { TestCase } from "../run/mod.ts";
import { typedCommand } from "../start/mod.ts";
import { quote } from "../text/mod.ts";

/**
 * The command for an attempt whose trace was kept: by the test's name where that leads to this trace, else by the
 * trace's folder.
 */
export function replayCommand(
  { id }: Pick<TestCase, "id">,
  { trace = "", replay }: Pick<Attempt, "trace" | "replay">,
): string {
  if (replay !== undefined) return replay.map(quote).join(" ");
  return `${typedCommand()} replay ${quote(nameOf(id, trace))}`;
}

/** The command that starts a debugger on such an attempt; undefined for a trace of another engine, which has its own. */
export function debugCommand(
  { id }: Pick<TestCase, "id">,
  { trace = "", replay }: Pick<Attempt, "trace" | "replay">,
): string | undefined {
  return replay === undefined ? `${typedCommand()} debug ${quote(nameOf(id, trace))}` : undefined;
}

function nameOf(id: string, trace: string): string {
  return findKept(id) === resolve(trace) ? id : trace;
}
