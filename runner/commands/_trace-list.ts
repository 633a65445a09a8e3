/**
 * The traces that are kept, wherever below their folder: of `record`, of `run`, and of tests. They grow until somebody
 * removes them.
 */
import { lstatSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isErrnoException, reasonOf } from "../../engine/errno-exception.ts";
import { readMeta, TraceError } from "../../engine/trace/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { entriesOf, findTrace, forgetLatest, indexOfTraces, tracesRoot } from "../files/mod.ts";

/** A trace as it is listed. */
export interface ListedTrace {
  /** What it is called by: its path below the folder of all traces. */
  readonly name: string;
  readonly directory: string;
  /** Of its own; what a store of contents has too, by links, is in `sharedBytes`. */
  readonly bytes: number;
  readonly sharedBytes: number;
  /** As an ISO date; missing where the trace does not say. */
  readonly recordedAt?: string;
  /** The program and its arguments, as they were given. */
  readonly command?: readonly string[];
  /** Why it can't be read, if it can't. */
  readonly damage?: string;
}

/** All traces, the newest first. @throws {UsageError} If their folder can't be read. */
export function listTraces(): ListedTrace[] {
  const root = tracesRoot();
  return [...indexOfTraces().values()]
    .map((directory) => describe(root, directory))
    .toSorted((a, b) => (b.recordedAt ?? "").localeCompare(a.recordedAt ?? ""));
}

function describe(root: string, directory: string): ListedTrace {
  const listed = { name: relative(root, directory), directory, ...sizesOf(directory) };
  try {
    const { startedAt, command } = readMeta(directory);
    return { ...listed, recordedAt: startedAt, command };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { ...listed, damage: error.message };
  }
}

function sizesOf(directory: string): { bytes: number; sharedBytes: number } {
  let [bytes, sharedBytes] = [0, 0];
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      const below = sizesOf(path);
      bytes += below.bytes;
      sharedBytes += below.sharedBytes;
      continue;
    }
    // Somebody may remove it at the same time.
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (stat.nlink > 1) sharedBytes += stat.size;
    else bytes += stat.size;
  }
  return { bytes, sharedBytes };
}

/**
 * Finds the traces that are to be removed, before any is.
 *
 * @param names As `replay` takes them.
 * @throws {UsageError} For a name of none, and for a trace outside of the folder of all traces.
 */
export function namedTraces(names: readonly string[]): ListedTrace[] {
  const root = tracesRoot();
  return names.map((name) => {
    const directory = findTrace(name);
    if (!directory.startsWith(root + sep)) {
      throw new UsageError(`${directory} is not in ${root}: remove it by hand`);
    }
    return describe(root, directory);
  });
}

/** Removes traces, with folders above them that are empty then. @throws {UsageError} If one can't be removed. */
export function removeTraces(traces: readonly ListedTrace[]): void {
  const root = tracesRoot();
  for (const { directory } of traces) {
    try {
      rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      throw new UsageError(`cannot remove ${directory}: ${reasonOf(error)}: mend its rights`);
    }
    removeEmpty(dirname(directory), root);
  }
  forgetLatest(root);
}

function removeEmpty(folder: string, root: string): void {
  for (let at = folder; at.startsWith(root + sep); at = dirname(at)) {
    try {
      rmdirSync(at);
    } catch (error) {
      // Another trace is in it, or somebody was faster.
      if (isErrnoException(error, "ENOTEMPTY", "ENOENT")) return;
      throw error;
    }
  }
}
