/** Programs that skip themselves, by an exit code that says so. */
import { lastLines, type Seen } from "../../engines/mod.ts";
import type { TestCase } from "../types.ts";
import { Verdicted } from "./phase.ts";

/** What automake's and meson's test harnesses take for a skip; kselftest has 4, LTP 32: these need to be set. */
export const DEFAULT_SKIP_EXIT: readonly number[] = [77];

/**
 * Ends an attempt whose program has skipped itself. A test that expects an exit code or a signal has no such codes.
 *
 * @throws {Verdicted} With the last line that the program wrote.
 */
export function skipBy(
  { expect, skipExit = DEFAULT_SKIP_EXIT }: TestCase,
  { exit, stdout, stderr }: Seen,
): void {
  if (expect.exit !== undefined || expect.signal !== undefined) return;
  if (!("code" in exit) || !skipExit.includes(exit.code)) return;
  const words = lastLines(stderr, 1) || lastLines(stdout, 1);
  const reason = `the program skips itself by exit code ${exit.code}${words === "" ? "" : `: ${words}`}`;
  throw new Verdicted({ kind: "skip", reason, missing: [] });
}
