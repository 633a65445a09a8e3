/**
 * As much of an ELF file as it takes to name an address: program headers, and the functions of its symbol tables.
 * Offsets and values are those of <elf.h> (64-bit, little-endian). The file may come with a trace from anyone: whatever
 * it says of itself is checked against its size.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A function of a symbol table. */
export interface ElfSymbol {
  name: string;
  /** Where it begins, as the file's own addresses count. */
  address: number;
  /** In bytes; 0 where the table does not say. */
  size: number;
}

interface Segment {
  type: number;
  offset: number;
  address: number;
  fileSize: number;
}

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
  entrySize: number;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const PT_LOAD = 1;
/** The table that leads to unwind information (Linux Standard Base, 10.6.2). */
const PT_GNU_EH_FRAME = 0x6474e550;
const SHT = { SYMTAB: 2, DYNSYM: 11 } as const;
const STT = { FUNC: 2, GNU_IFUNC: 10 } as const;
/** More headers than any real program has. */
const MOST_HEADERS = 4096;
/** Larger tables are not looked at. */
const MOST_TABLE_BYTES = 64 << 20;
/** Longer names are cut. */
const MOST_NAME_BYTES = 1024;

/** An open ELF file: its segments, its functions by address, and its unwind table. */
export class ElfFile {
  readonly #segments: readonly Segment[];
  #functions: readonly ElfSymbol[] | undefined;

  private constructor(
    readonly path: string,
    readonly header: DataView,
  ) {
    this.#segments = this.#readSegments();
  }

  /** Opens a file; undefined if it can't be read, or is no 64-bit little-endian ELF file. */
  static open(path: string): ElfFile | undefined {
    const header = readAt(path, 0, HEADER_BYTES);
    if (header === undefined || header.getUint32(0) !== 0x7f454c46) return undefined;
    return header.getUint8(4) === 2 && header.getUint8(5) === 1 ? new ElfFile(path, header) : undefined;
  }

  /** The address in the file's own counting of a byte of it; undefined where no segment holds the byte. */
  addressOf(offset: number): number | undefined {
    const segment = this.#loaded.find((one) => one.offset <= offset && offset < one.offset + one.fileSize);
    return segment && segment.address + (offset - segment.offset);
  }

  /** Where the table begins that leads to unwind information; undefined where the file has none. */
  get unwindTable(): number | undefined {
    return this.#segments.find(({ type }) => type === PT_GNU_EH_FRAME)?.address;
  }

  /** Bytes at an address of the file, as many of these as are in it. */
  bytesAt(address: number, length: number): DataView | undefined {
    const segment = this.#loaded.find(
      (one) => one.address <= address && address < one.address + one.fileSize,
    );
    if (segment === undefined) return undefined;
    const at = address - segment.address;
    return readAt(this.path, segment.offset + at, Math.min(length, segment.fileSize - at));
  }

  get #loaded(): readonly Segment[] {
    return this.#segments.filter(({ type }) => type === PT_LOAD);
  }

  /** The function that holds an address. */
  functionAt(address: number): ElfSymbol | undefined {
    this.#functions ??= this.#readFunctions();
    const before = this.#functions.findLast((one) => one.address <= address);
    return before && (before.size === 0 || address < before.address + before.size) ? before : undefined;
  }

  #readSegments(): Segment[] {
    const count = Math.min(this.header.getUint16(56, true), MOST_HEADERS);
    const table = readAt(this.path, word(this.header, 32), count * PROGRAM_HEADER_BYTES);
    if (table === undefined) return [];
    return Array.from({ length: count }, (_, i) => i * PROGRAM_HEADER_BYTES).map((at) => ({
      type: table.getUint32(at, true),
      offset: word(table, at + 8),
      address: word(table, at + 16),
      fileSize: word(table, at + 32),
    }));
  }

  #readSections(): Section[] {
    const count = Math.min(this.header.getUint16(60, true), MOST_HEADERS);
    const table = readAt(this.path, word(this.header, 40), count * SECTION_HEADER_BYTES);
    if (table === undefined) return [];
    return Array.from({ length: count }, (_, i) => i * SECTION_HEADER_BYTES).map((at) => ({
      type: table.getUint32(at + 4, true),
      offset: word(table, at + 24),
      size: word(table, at + 32),
      link: table.getUint32(at + 40, true),
      entrySize: word(table, at + 56),
    }));
  }

  /** Functions of all symbol tables, by address; of several names for one place the first, which .symtab has. */
  #readFunctions(): ElfSymbol[] {
    const sections = this.#readSections();
    const tables = [SHT.SYMTAB, SHT.DYNSYM].flatMap((type) => sections.filter((one) => one.type === type));
    const all = tables.flatMap((table) => this.#functionsOf(table, sections[table.link]));
    return all.sort((a, b) => a.address - b.address || a.size - b.size);
  }

  #functionsOf(table: Section, names: Section | undefined): ElfSymbol[] {
    if (names === undefined || table.entrySize !== SYMBOL_BYTES) return [];
    const symbols = readAt(this.path, table.offset, table.size - (table.size % SYMBOL_BYTES));
    const strings = readAt(this.path, names.offset, names.size);
    if (symbols === undefined || strings === undefined) return [];
    const found: ElfSymbol[] = [];
    for (let at = 0; at < symbols.byteLength; at += SYMBOL_BYTES) {
      const type = symbols.getUint8(at + 4) & 0xf;
      const address = word(symbols, at + 8);
      // st_shndx 0 is SHN_UNDEF: the function is in another file.
      if ((type !== STT.FUNC && type !== STT.GNU_IFUNC) || symbols.getUint16(at + 6, true) === 0) continue;
      const name = textAt(strings, symbols.getUint32(at, true));
      if (name !== "") found.push({ name, address, size: word(symbols, at + 16) });
    }
    return found;
  }
}

/** A 64-bit number; those that can't be exact are beyond any file, and so refused with it. */
function word(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function textAt(strings: DataView, at: number): string {
  if (at >= strings.byteLength) return "";
  const bytes = new Uint8Array(strings.buffer, at, Math.min(MOST_NAME_BYTES, strings.byteLength - at));
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** Bytes of a file; undefined if it has not got all of them. */
function readAt(path: string, offset: number, length: number): DataView | undefined {
  if (length > MOST_TABLE_BYTES) return undefined;
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined; // it is gone, or not for us: nothing is known of it
  }
  try {
    if (!fstatSync(file).isFile() || offset + length > fstatSync(file).size) return undefined;
    const bytes = new Uint8Array(length);
    return readSync(file, bytes, 0, length, offset) === length ? new DataView(bytes.buffer) : undefined;
  } finally {
    closeSync(file);
  }
}
