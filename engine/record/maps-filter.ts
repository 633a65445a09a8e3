/**
 * What a program reads of address spaces in /proc: without the engine's own mappings, and with the protections
 * that it has asked for itself.
 */
import { PROT } from "../../ffi/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";

/** Addresses, protection, sharing, offset, and what the file is. */
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) [r-][w-][x-]([sp]) ([0-9a-f]+) (\S+ (\d+).*)$/;

/** A mapping as /proc shows it: the line of `maps`, and the details of `smaps`. */
interface Entry {
  start: number;
  end: number;
  protection: string;
  offset: number;
  inode: string;
  /** Behind the offset: device, inode, name. */
  file: string;
  details: string[];
}

/** The text of a maps or smaps file as it would be without the engine. */
export function filteredMaps(text: string, space: AddressSpace): string {
  const entries = parse(text)
    .filter((entry) => !isEngines(entry, space))
    .flatMap((entry) => split(entry, space));
  return join(entries)
    .map((entry) => [header(entry), ...entry.details].join("\n"))
    .map((block) => `${block}\n`)
    .join("");
}

function parse(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split("\n")) {
    const match = HEADER.exec(line);
    if (match) {
      const [, start = "", end = "", , offset = "", file = "", inode = ""] = match;
      entries.push({
        start: Number.parseInt(start, 16),
        end: Number.parseInt(end, 16),
        protection: line.slice(start.length + end.length + 2, start.length + end.length + 6),
        offset: Number.parseInt(offset, 16),
        inode,
        file,
        details: [],
      });
    } else if (line !== "") {
      entries[entries.length - 1]?.details.push(line);
    }
  }
  return entries;
}

function isEngines({ start }: Entry, space: AddressSpace): boolean {
  return space.holdsEngine(start, start + 1);
}

/** Neighbours are one mapping for the kernel where only the right to execute, which it never sees, tells them apart. */
function split(entry: Entry, space: AddressSpace): Entry[] {
  const parts: Entry[] = [];
  let at = entry.start;
  for (const mapping of space.mappings.overlapping(entry.start, entry.end)) {
    const start = Math.max(at, mapping.start);
    const end = Math.min(entry.end, mapping.end);
    if (start > at) parts.push(part(entry, at, start, entry.protection));
    const { protection } = mapping;
    const rights = [
      protection & PROT.READ ? "r" : "-",
      protection & PROT.WRITE ? "w" : "-",
      protection & PROT.EXEC ? "x" : "-",
      entry.protection[3],
    ];
    parts.push(part(entry, start, end, rights.join("")));
    at = end;
  }
  if (at < entry.end) parts.push(part(entry, at, entry.end, entry.protection));
  return parts;
}

function part(entry: Entry, start: number, end: number, protection: string): Entry {
  const offset = entry.inode === "0" ? entry.offset : entry.offset + (start - entry.start);
  return { ...entry, start, end, protection, offset };
}

/** Puts together again what the engine's own protections have parted. */
function join(entries: readonly Entry[]): Entry[] {
  const joined: Entry[] = [];
  for (const entry of entries) {
    const last = joined[joined.length - 1];
    const continues =
      last?.end === entry.start &&
      last.protection === entry.protection &&
      last.file === entry.file &&
      (entry.inode === "0" || last.offset + (last.end - last.start) === entry.offset);
    if (continues) last.end = entry.end;
    else joined.push({ ...entry });
  }
  for (const entry of joined) {
    const size = String((entry.end - entry.start) / 1024);
    entry.details = entry.details.map((line) =>
      line.startsWith("Size:") ? `Size:${`${size} kB`.padStart(line.length - 5)}` : line,
    );
  }
  return joined;
}

function header({ start, end, protection, offset, file }: Entry): string {
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  return `${hex(start)}-${hex(end)} ${protection} ${hex(offset)} ${file}`;
}
