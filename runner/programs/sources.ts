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

/** The folders that flags name for headers: `-Idir`, `-I dir`, `-iquote dir`. */
export function includeFolders(flags: readonly string[], folder: string): string[] {
  return flags.flatMap((flag, at) => {
    const [, option, glued = ""] = /^(-I|-iquote)(.*)$/s.exec(flag) ?? [];
    const named = glued || flags[at + 1];
    return option === undefined || named === undefined ? [] : [resolve(folder, named)];
  });
}

/**
 * Reads a C source and all headers of its own, each once. A header that is not there is left to the
 * compiler, which finds it elsewhere or says so.
 *
 * @param path The source.
 * @param folders Where headers are looked for that are not beside what includes them.
 * @returns The files in the order in which they are first included.
 */
export function readSources(path: string, folders: readonly string[] = []): SourceFile[] {
  const files = new Map<string, SourceFile>();
  const visit = (file: string) => {
    const text = files.has(file) ? undefined : readText(file);
    if (text === undefined) return;
    files.set(file, { path: file, text });
    for (const [, quote, name = ""] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]/gm)) {
      const places = quote === '"' ? [dirname(file), ...folders] : folders;
      const found = places.map((place) => resolve(place, name)).find((place) => existsSync(place));
      if (found !== undefined) visit(found);
    }
  };
  visit(resolve(path));
  return [...files.values()];
}
