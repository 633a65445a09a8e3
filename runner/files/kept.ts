/** What tickproof keeps in the user's cache folder for later recordings. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../../engine/cache-folder.ts";
import { isErrnoException, reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";

/** The kinds of what is kept, by the names of their folders. */
const KINDS = {
  translations: "translations of programs' text",
  files: "contents of mapped files",
  programs: "compiled test programs",
  settings: "checked settings",
  unpacked: "packed traces, unpacked",
} as const;

/** One kind of what is kept. */
export interface KeptKind {
  kind: string;
  what: string;
  files: number;
  bytes: number;
  /** When a file of it was last written or found of use, as an ISO date; undefined if there is none. */
  lastUsed: string | undefined;
}

/** What is there, kind by kind. @throws {UsageError} If a folder can't be read. */
export function cacheContents(): { folder: string; kinds: KeptKind[] } {
  const folder = cacheRoot();
  const kinds = Object.entries(KINDS).map(([kind, what]) => {
    const stats = filesIn(join(folder, kind)).flatMap(
      // A recording may remove one meanwhile.
      (path) => statSync(path, { throwIfNoEntry: false }) ?? [],
    );
    const last = stats.reduce((latest, { mtimeMs }) => Math.max(latest, mtimeMs), 0);
    return {
      kind,
      what,
      files: stats.length,
      bytes: stats.reduce((sum, { size }) => sum + size, 0),
      lastUsed: last > 0 && kind === "translations" ? new Date(last).toISOString() : undefined,
    };
  });
  return { folder, kinds };
}

/** Removes all of it. @throws {UsageError} If something can't be removed. */
export function clearCache(): void {
  for (const kind of Object.keys(KINDS)) {
    const path = join(cacheRoot(), kind);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw new UsageError(`cannot clear ${path}: ${reasonOf(error)}: remove it by hand`);
    }
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return [];
    throw new UsageError(`cannot read ${folder}: ${reasonOf(error)}: mend its rights or remove it`);
  }
}
