/** The index of all traces that are kept: what each is called by, and where it lies. */
import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { isErrnoException, reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import { tracesRoot } from "./traces.ts";

/** How deep below the folder of all traces one may lie: `suites/run-0/core.alarm.0/recordings/1/trace`. */
const MOST_LEVELS = 6;

/**
 * All traces.
 *
 * @returns Their folders by their names: the paths below the folder of all traces.
 * @throws {UsageError} If a folder can't be read.
 */
export function indexOfTraces(): Map<string, string> {
  const root = tracesRoot();
  return new Map(tracesBelow(root, MOST_LEVELS).map((directory) => [relative(root, directory), directory]));
}

function tracesBelow(folder: string, levels: number): string[] {
  if (existsSync(join(folder, "meta.json"))) return [folder];
  if (levels === 0) return [];
  return entriesOf(folder).flatMap((entry) =>
    // Links (`latest`) are other ways to a trace that is listed anyway.
    entry.isDirectory() ? tracesBelow(join(folder, entry.name), levels - 1) : [],
  );
}

/** What is in a folder of traces; nothing where somebody has removed it. @throws {UsageError} If it can't be read. */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return [];
    throw new UsageError(
      `cannot read ${folder}: ${reasonOf(error)}: mend its rights, or set TICKPROOF_TRACES`,
    );
  }
}
