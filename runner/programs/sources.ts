/** The files that a C program is made of: its source and what it includes by `#include "…"`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** One file of a program. */
export interface SourceFile {
  path: string;
  text: string;
}

/** Reads a file; undefined if there is none. */
function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/**
 * Reads a C source and all headers of its own, each once. A header that is not there is left to the
 * compiler, which finds it elsewhere or says so.
 *
 * @param path The source.
 * @returns The files in the order in which they are first included.
 */
export function readSources(path: string): SourceFile[] {
  const files = new Map<string, SourceFile>();
  const visit = (file: string) => {
    const text = files.has(file) ? undefined : readText(file);
    if (text === undefined) return;
    files.set(file, { path: file, text });
    for (const [, name = ""] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm)) {
      visit(resolve(dirname(file), name));
    }
  };
  visit(resolve(path));
  return [...files.values()];
}
