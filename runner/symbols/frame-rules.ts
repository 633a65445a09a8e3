/**
 * Unwind information of an ELF file: for an address, by which rules the caller's registers are found. It is what
 * compilers write for exceptions, so that stripped programs have it too.
 *
 * Sources: DWARF 5, 6.4 (call frame information); Linux Standard Base Core 5.0, 10.6 (.eh_frame, .eh_frame_hdr).
 * The file may come with a trace from anyone: every length is checked against the bytes that are there.
 */
import { Cursor } from "./cursor.ts";
import type { ElfFile } from "./elf.ts";

/** How a value of the caller is found. */
export type Rule =
  | { kind: "undefined" }
  | { kind: "same" }
  /** In memory at the frame's address and so much. */
  | { kind: "offset"; offset: number }
  /** The frame's address and so much. */
  | { kind: "value-offset"; offset: number }
  | { kind: "register"; register: number }
  /** In memory where an expression leads to, or what it comes to. */
  | { kind: "expression"; program: Uint8Array; value: boolean };

/** The rules at one address. */
export interface FrameRules {
  /** The canonical frame address: a register and an offset, or an expression. */
  cfa: { register: number; offset: number } | { program: Uint8Array };
  /** By DWARF's number of the register; 16 is the return address. */
  registers: ReadonlyMap<number, Rule>;
  /** The frame is that of a signal handler's caller: its pc is where the signal came, not behind a call. */
  signal: boolean;
}

/** Encodings of pointers (LSB 10.5.1): the low half is the format, the high half what it is relative to. */
const FORMAT = {
  ABSPTR: 0,
  ULEB: 1,
  UDATA2: 2,
  UDATA4: 3,
  UDATA8: 4,
  SLEB: 9,
  SDATA2: 10,
  SDATA4: 11,
  SDATA8: 12,
};
const RELATIVE = { ABSOLUTE: 0, PC: 0x10, DATA: 0x30 };
const OMIT = 0xff;

/** Longer entries are none. */
const MOST_ENTRY_BYTES = 1 << 20;
/** A table with more entries is not believed. */
const MOST_FUNCTIONS = 1 << 22;

/** What all functions of a CIE share. */
interface Common {
  codeFactor: number;
  dataFactor: number;
  returnRegister: number;
  encoding: number;
  signal: boolean;
  hasData: boolean;
  instructions: Uint8Array;
}

/**
 * Finds the rules at an address.
 *
 * @param elf The file.
 * @param address As the file counts them.
 * @returns Undefined where the file says nothing of it.
 */
export function rulesAt(elf: ElfFile, address: number): FrameRules | undefined {
  try {
    const entry = entryOf(elf, address);
    return entry === undefined ? undefined : readEntry(elf, entry, address);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it is cut off, or damaged
    throw error;
  }
}

/** The address of the function's entry, by the sorted table. */
function entryOf(elf: ElfFile, address: number): number | undefined {
  const table = elf.unwindTable;
  if (table === undefined) return undefined;
  const head = cursorAt(elf, table, 4 + 3 * 8);
  const [version, pointer, counts, entries] = [head.u8(), head.u8(), head.u8(), head.u8()];
  // The one form that linkers write: pairs of 32-bit numbers relative to the table.
  if (version !== 1 || entries !== (RELATIVE.DATA | FORMAT.SDATA4)) return undefined;
  readPointer(head, pointer, table);
  const count = readPointer(head, counts, table);
  if (count === undefined || count <= 0 || count > MOST_FUNCTIONS) return undefined;
  const pairs = elf.bytesAt(head.address, count * 8);
  if (pairs === undefined || pairs.byteLength < count * 8) return undefined;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table + pairs.getInt32(middle * 8, true) <= address) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : table + pairs.getInt32((low - 1) * 8 + 4, true);
}

function readEntry(elf: ElfFile, at: number, address: number): FrameRules | undefined {
  const entry = entryCursor(elf, at);
  const commonAt = entry.address - entry.u32();
  const common = readCommon(elf, commonAt);
  if (common === undefined) return undefined;
  const start = readPointer(entry, common.encoding, 0);
  const length = readPointer(entry, common.encoding & 0x0f, 0);
  if (start === undefined || length === undefined || address < start || address >= start + length)
    return undefined;
  if (common.hasData) entry.skip(entry.uleb());
  const state = new RuleState(common);
  state.run(common.instructions, Number.POSITIVE_INFINITY, 0);
  state.startsFunction();
  state.run(entry.rest(), address, start);
  return state.rules();
}

function readCommon(elf: ElfFile, at: number): Common | undefined {
  const entry = entryCursor(elf, at);
  if (entry.u32() !== 0) return undefined;
  const version = entry.u8();
  const augmentation = entry.text();
  if ((version !== 1 && version !== 3) || !/^(z[RPLSB]*)?$/.test(augmentation)) return undefined;
  const codeFactor = entry.uleb();
  const dataFactor = entry.sleb();
  const returnRegister = version === 1 ? entry.u8() : entry.uleb();
  let [encoding, signal] = [FORMAT.ABSPTR, false];
  if (augmentation.startsWith("z")) {
    const end = entry.uleb() + entry.at;
    for (const letter of augmentation.slice(1)) {
      if (letter === "R") encoding = entry.u8();
      else if (letter === "L") entry.u8();
      else if (letter === "P") readPointer(entry, entry.u8(), 0);
      else if (letter === "S") signal = true;
    }
    entry.skip(end - entry.at);
  }
  const hasData = augmentation.startsWith("z");
  return { codeFactor, dataFactor, returnRegister, encoding, signal, hasData, instructions: entry.rest() };
}

/** An entry behind its length. */
function entryCursor(elf: ElfFile, at: number): Cursor {
  const length = cursorAt(elf, at, 4).u32();
  if (length === 0 || length > MOST_ENTRY_BYTES) throw new RangeError(`an entry of ${length} bytes`);
  return cursorAt(elf, at + 4, length);
}

function cursorAt(elf: ElfFile, address: number, length: number): Cursor {
  const bytes = elf.bytesAt(address, length);
  if (bytes === undefined) throw new RangeError(`nothing is at ${address}`);
  return new Cursor(bytes, address);
}

/** A pointer; undefined for one that is left out. */
function readPointer(cursor: Cursor, encoding: number, table: number): number | undefined {
  if (encoding === OMIT) return undefined;
  const { address } = cursor;
  const value = readFormat(cursor, encoding & 0x0f);
  switch (encoding & 0x70) {
    case RELATIVE.ABSOLUTE:
      return value;
    case RELATIVE.PC:
      return address + value;
    case RELATIVE.DATA:
      return table + value;
    default:
      throw new RangeError(`pointers of encoding ${encoding} are not known`);
  }
}

function readFormat(cursor: Cursor, format: number): number {
  switch (format) {
    case FORMAT.ABSPTR:
    case FORMAT.UDATA8:
      return cursor.u64();
    case FORMAT.ULEB:
      return cursor.uleb();
    case FORMAT.UDATA2:
      return cursor.u16();
    case FORMAT.UDATA4:
      return cursor.u32();
    case FORMAT.SLEB:
      return cursor.sleb();
    case FORMAT.SDATA2:
      return cursor.i16();
    case FORMAT.SDATA4:
      return cursor.i32();
    case FORMAT.SDATA8:
      return cursor.i64();
    default:
      throw new RangeError(`numbers of format ${format} are not known`);
  }
}

/** Runs the instructions that build the rules up (DWARF 5, 6.4.2 and table 7.29). */
class RuleState {
  readonly #common: Common;
  #cfa: FrameRules["cfa"] = { register: 7, offset: 8 };
  #registers = new Map<number, Rule>();
  #initial = new Map<number, Rule>();
  readonly #remembered: { cfa: FrameRules["cfa"]; registers: Map<number, Rule> }[] = [];

  constructor(common: Common) {
    this.#common = common;
  }

  /** What `restore` goes back to is what the CIE has said. */
  startsFunction(): void {
    this.#initial = new Map(this.#registers);
  }

  rules(): FrameRules {
    const { returnRegister, signal } = this.#common;
    const registers = new Map(this.#registers);
    const back = registers.get(returnRegister);
    if (back !== undefined) registers.set(16, back);
    return { cfa: this.#cfa, registers, signal };
  }

  /** Runs to where `location` goes beyond the address. */
  run(instructions: Uint8Array, address: number, start: number): void {
    const { codeFactor, dataFactor } = this.#common;
    const cursor = new Cursor(
      new DataView(instructions.buffer, instructions.byteOffset, instructions.length),
      0,
    );
    let location = start;
    while (!cursor.atEnd) {
      const code = cursor.u8();
      const low = code & 0x3f;
      if (code >> 6 === 1) location += low * codeFactor;
      else if (code >> 6 === 2) this.#set(low, { kind: "offset", offset: cursor.uleb() * dataFactor });
      else if (code >> 6 === 3) this.#restore(low);
      else if (code === 0x02) location += cursor.u8() * codeFactor;
      else if (code === 0x03) location += cursor.u16() * codeFactor;
      else if (code === 0x04) location += cursor.u32() * codeFactor;
      else this.#apply(code, cursor);
      if (location > address) return;
    }
  }

  #apply(code: number, cursor: Cursor): void {
    const { dataFactor } = this.#common;
    const offset = (signed: boolean) => (signed ? cursor.sleb() : cursor.uleb()) * dataFactor;
    switch (code) {
      case 0x00: // DW_CFA_nop
        break;
      case 0x05: // DW_CFA_offset_extended
      case 0x11: // DW_CFA_offset_extended_sf
        this.#set(cursor.uleb(), { kind: "offset", offset: offset(code === 0x11) });
        break;
      case 0x06: // DW_CFA_restore_extended
        this.#restore(cursor.uleb());
        break;
      case 0x07: // DW_CFA_undefined
        this.#set(cursor.uleb(), { kind: "undefined" });
        break;
      case 0x08: // DW_CFA_same_value
        this.#set(cursor.uleb(), { kind: "same" });
        break;
      case 0x09: // DW_CFA_register
        this.#set(cursor.uleb(), { kind: "register", register: cursor.uleb() });
        break;
      case 0x0a: // DW_CFA_remember_state
        this.#remembered.push({ cfa: this.#cfa, registers: new Map(this.#registers) });
        break;
      case 0x0b: // DW_CFA_restore_state
        this.#goBack();
        break;
      case 0x0c: // DW_CFA_def_cfa
        this.#cfa = { register: cursor.uleb(), offset: cursor.uleb() };
        break;
      case 0x12: // DW_CFA_def_cfa_sf
        this.#cfa = { register: cursor.uleb(), offset: offset(true) };
        break;
      case 0x0d: // DW_CFA_def_cfa_register
        this.#cfa = { register: cursor.uleb(), offset: "offset" in this.#cfa ? this.#cfa.offset : 0 };
        break;
      case 0x0e: // DW_CFA_def_cfa_offset
      case 0x13: // DW_CFA_def_cfa_offset_sf
        this.#cfa = {
          register: "register" in this.#cfa ? this.#cfa.register : 7,
          offset: code === 0x13 ? offset(true) : cursor.uleb(),
        };
        break;
      case 0x0f: // DW_CFA_def_cfa_expression
        this.#cfa = { program: cursor.bytes(cursor.uleb()) };
        break;
      case 0x10: // DW_CFA_expression
      case 0x16: // DW_CFA_val_expression
        this.#set(cursor.uleb(), {
          kind: "expression",
          program: cursor.bytes(cursor.uleb()),
          value: code === 0x16,
        });
        break;
      case 0x14: // DW_CFA_val_offset
      case 0x15: // DW_CFA_val_offset_sf
        this.#set(cursor.uleb(), { kind: "value-offset", offset: offset(code === 0x15) });
        break;
      case 0x2e: // DW_CFA_GNU_args_size
        cursor.uleb();
        break;
      default:
        throw new RangeError(`the instruction ${code} of call frames is not known`);
    }
  }

  #set(register: number, rule: Rule): void {
    this.#registers.set(register, rule);
  }

  #restore(register: number): void {
    const rule = this.#initial.get(register);
    if (rule === undefined) this.#registers.delete(register);
    else this.#registers.set(register, rule);
  }

  #goBack(): void {
    const state = this.#remembered.pop();
    if (state === undefined) throw new RangeError("no state was remembered");
    this.#cfa = state.cfa;
    this.#registers = state.registers;
  }
}
