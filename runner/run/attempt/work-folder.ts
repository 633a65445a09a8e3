/** The working folder of a program that has files of its own: made anew for each phase, always at the same place. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestCase } from "../types.ts";

/**
 * Makes the folder a phase's program runs in.
 *
 * @param place Where it is made; what a phase before has left there is removed.
 * @returns The folder: `place`, or the test's own where it has no files.
 */
export function makeWorkFolder({ files, cwd }: TestCase, place: string): string {
  if (files === undefined) return cwd;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const [name, content] of Object.entries(files)) {
    const path = join(place, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === "string") writeFileSync(path, content);
    else copyFileSync(resolve(cwd, content.copy), path);
  }
  return place;
}
