/** Names for places in programs: the module, the function, and the line of its source where debug information has it. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type SourcePlace, sourcePlaces } from "./addr2line.ts";
import { ElfFile } from "./elf.ts";

export { type SourceExcerpt, sourceAround } from "./source.ts";
export { type Frame, type UnwindState, unwind } from "./unwind.ts";

/** A byte of a file that was mapped as text. */
export interface FilePlace {
  /** The file as the program saw it. */
  path: string;
  offset: number;
  /** A copy of it that is looked at in its place, such as a trace's. @default none */
  stored?: string | undefined;
}

/** What is known of a place. */
export interface SymbolPlace {
  /** The file's name, without folders. */
  module: string;
  offset: number;
  symbol?: string;
  /** Source file and line, from 1. */
  file?: string;
  line?: number;
}

/**
 * Names places.
 *
 * @param places The places.
 * @returns One for each: of functions that are inlined there, the innermost.
 */
export function symbolize(places: readonly FilePlace[]): SymbolPlace[] {
  return symbolizeInlined(places).map(([innermost]) => innermost);
}

/**
 * Names places, with the functions that are inlined there.
 *
 * @param places The places.
 * @returns For each at least one, the innermost first.
 */
export function symbolizeInlined(places: readonly FilePlace[]): [SymbolPlace, ...SymbolPlace[]][] {
  const found = new Map<FilePlace, [SymbolPlace, ...SymbolPlace[]]>();
  for (const [path, group] of Map.groupBy(places, ({ stored, path }) =>
    stored !== undefined && existsSync(stored) ? stored : path,
  )) {
    const elf = ElfFile.open(path);
    const addresses = group.map(({ offset }) => elf?.addressOf(offset));
    const known = addresses.filter((address) => address !== undefined);
    const sources = sourcePlaces(path, known);
    group.forEach((place, i) => {
      const address = addresses[i];
      const symbol = address === undefined ? undefined : elf?.functionAt(address)?.name;
      const [innermost, ...outer] = (address === undefined ? [] : sources[known.indexOf(address)]) ?? [];
      found.set(place, [
        named(place, symbol, innermost),
        ...outer.map((source) => named(place, symbol, source)),
      ]);
    });
  }
  return places.map((place) => found.get(place) ?? [named(place)]);
}

/** @param symbol The function by the symbol table, if debug information has no name. */
function named({ path, offset }: FilePlace, symbol?: string, source?: SourcePlace): SymbolPlace {
  const name = source?.function ?? symbol;
  return {
    module: basename(path),
    offset,
    ...(name !== undefined && { symbol: name }),
    ...(source && { file: source.file, line: source.line }),
  };
}

/** "main at wait.c:31", "pthread_cond_wait (libc.so.6)", "libc.so.6+0x9a2e1". */
export function placeText({ module, offset, symbol, file, line }: SymbolPlace): string {
  if (symbol === undefined && file === undefined) return `${module}+0x${offset.toString(16)}`;
  const name = symbol ?? module;
  return file === undefined ? `${name} (${module})` : `${name} at ${basename(file)}:${line}`;
}
