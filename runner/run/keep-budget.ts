/** Room for the traces that are kept: the oldest runs' are removed when all together take more. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => {
      const { size, nlink } = statSync(join(entry.parentPath, entry.name));
      // Contents of mapped files are hard links that traces share.
      return sum + size / nlink;
    }, 0);
}

/**
 * Removes the oldest runs beyond a budget; the newest one stays in any case.
 *
 * @param folder Has a folder for each run.
 * @param bytes All that may be kept.
 * @returns Names of the runs that were removed.
 */
export function keepWithin(folder: string, bytes: number): string[] {
  if (!existsSync(folder)) return [];
  const runs = readdirSync(folder)
    .map((name) => ({ name, path: join(folder, name) }))
    .map((run) => ({ ...run, time: statSync(run.path).mtimeMs }))
    .toSorted((a, b) => b.time - a.time);
  let used = 0;
  const removed = runs.filter(({ path }, age) => {
    used += sizeOf(path);
    return age > 0 && used > bytes;
  });
  for (const { path } of removed) rmSync(path, { recursive: true, force: true });
  return removed.map(({ name }) => name);
}
