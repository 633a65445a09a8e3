/**
 * Translations of an earlier run, as tables that are used where they lie in the file that keeps them: opening them
 * costs no more than reading it. All numbers are relative to the text's or to the region's start.
 */
import { invariant } from "../engine-error.ts";
import { findTranslation, type Translation } from "./translation-info.ts";
import type { Trap } from "./traps.ts";

/** The tables in the order of the file, with their elements' sizes in bytes. */
const TABLES = {
  /** Hash of each page of text that something is a translation of. */
  hashes: 8,
  /** Number of that page, counted from the text's first. */
  pages: 4,
  /** Entries, by app pc: its place, and the cache address. */
  entryPc: 4,
  entryAt: 4,
  /** Traps, by cache address; see {@link packTrap}. */
  trapAt: 4,
  trapA: 4,
  trapB: 4,
  trapC: 4,
  /** System calls, by the cache address behind: its app pc, and the next one. */
  syscallAt: 4,
  syscallPc: 4,
  syscallNext: 4,
  /** IBL entries, by app pc. */
  iblEntryPc: 4,
  iblEntryAt: 4,
  /** First IBL entry of each slot of the lookup table, by slot. */
  headSlot: 4,
  headAt: 4,
  /** Fragments, by cache address: start, end, app pc of the first basic block, and where the translation info begins. */
  fragmentAt: 4,
  fragmentEnd: 4,
  fragmentPc: 4,
  fragmentInfo: 4,
  translationInfo: 1,
  /** Names of instructions in traps, separated by newlines. */
  names: 1,
  /** The region's contents. */
  code: 1,
} as const;

type TableName = keyof typeof TABLES;

/** The tables themselves. */
export type FrozenTables = {
  [name in TableName]: (typeof TABLES)[name] extends 8
    ? BigUint64Array
    : (typeof TABLES)[name] extends 4
      ? Uint32Array
      : Uint8Array;
};

const NAMES = Object.keys(TABLES) as TableName[];
/** One number for each table: how many elements it has. */
const HEADER = 4 * NAMES.length + (NAMES.length % 2) * 4;

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Puts tables into one piece. */
export function packTables(tables: FrozenTables): Uint8Array {
  const lengths = NAMES.map((name) => tables[name].length);
  const total = NAMES.reduce((sum, name, i) => sum + aligned(lengths[i]! * TABLES[name]), HEADER);
  const bytes = new Uint8Array(total);
  new Uint32Array(bytes.buffer, 0, NAMES.length).set(lengths);
  let at = HEADER;
  for (const name of NAMES) {
    const { buffer, byteOffset, byteLength } = tables[name];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += aligned(byteLength);
  }
  return bytes;
}

/**
 * The tables in a piece.
 *
 * @param bytes Aligned to 8 bytes.
 * @returns undefined if it is cut or no such piece.
 */
export function unpackTables(bytes: Uint8Array): FrozenTables | undefined {
  if (bytes.length < HEADER) return undefined;
  const { buffer, byteOffset } = bytes;
  const lengths = new Uint32Array(buffer, byteOffset, NAMES.length);
  let at = HEADER;
  const tables: Partial<Record<TableName, BigUint64Array | Uint32Array | Uint8Array>> = {};
  for (const [i, name] of NAMES.entries()) {
    const length = lengths[i]!;
    const size = length * TABLES[name];
    if (at + size > bytes.length) return undefined;
    const from = byteOffset + at;
    tables[name] =
      TABLES[name] === 8
        ? new BigUint64Array(buffer, from, length)
        : TABLES[name] === 4
          ? new Uint32Array(buffer, from, length)
          : new Uint8Array(buffer, from, length);
    at += aligned(size);
  }
  return at === bytes.length ? (tables as FrozenTables) : undefined;
}

/** Looks entries, traps and translation info up in a file of persisted translations. */
export class Frozen {
  readonly #names: readonly string[];

  /**
   * @param textStart App address that places of text are counted from.
   * @param base Cache address that places in the cache are counted from.
   */
  constructor(
    readonly tables: FrozenTables,
    private readonly textStart: number,
    private readonly base: number,
  ) {
    this.#names = new TextDecoder().decode(tables.names).split("\n");
  }

  entry(pc: number): number | undefined {
    const i = indexOf(this.tables.entryPc, pc - this.textStart);
    return i < 0 ? undefined : this.base + this.tables.entryAt[i]!;
  }

  trapAt(address: number): Trap | undefined {
    const i = indexOf(this.tables.trapAt, address - this.base);
    return i < 0 ? undefined : this.#trap(i);
  }

  #trap(i: number): Trap {
    const { trapAt, trapA, trapB, trapC } = this.tables;
    const where = { textStart: this.textStart, base: this.base };
    return unpackTrap([trapAt[i]!, trapA[i]!, trapB[i]!, trapC[i]!], where, this.#names);
  }

  /** All traps with their addresses. */
  *traps(): Iterable<[address: number, trap: Trap]> {
    for (const [i, at] of this.tables.trapAt.entries()) yield [this.base + at, this.#trap(i)];
  }

  syscallAt(address: number): { pc: number; next: number } | undefined {
    const i = indexOf(this.tables.syscallAt, address - this.base);
    if (i < 0) return undefined;
    const { syscallPc, syscallNext } = this.tables;
    return { pc: this.textStart + syscallPc[i]!, next: this.textStart + syscallNext[i]! };
  }

  iblEntryAt(pc: number): number | undefined {
    const i = indexOf(this.tables.iblEntryPc, pc - this.textStart);
    return i < 0 ? undefined : this.base + this.tables.iblEntryAt[i]!;
  }

  head(slot: number): number | undefined {
    const i = indexOf(this.tables.headSlot, slot);
    return i < 0 ? undefined : this.base + this.tables.headAt[i]!;
  }

  translationAt(address: number): Translation | undefined {
    const { fragmentAt, fragmentEnd, fragmentPc, fragmentInfo, translationInfo } = this.tables;
    const at = address - this.base;
    const i = lastAtOrBelow(fragmentAt, at);
    if (i < 0 || at >= fragmentEnd[i]!) return undefined;
    const packed = translationInfo.subarray(fragmentInfo[i]!, fragmentInfo[i + 1] ?? translationInfo.length);
    return findTranslation(packed, this.base + fragmentAt[i]!, this.textStart + fragmentPc[i]!, address);
  }
}

/** Index of the last of ascending numbers that is not above `value`, or -1. */
export function lastAtOrBelow(ascending: Uint32Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function indexOf(ascending: Uint32Array, value: number): number {
  const i = lastAtOrBelow(ascending, value);
  return i >= 0 && ascending[i] === value ? i : -1;
}

const ACTIONS = ["emulate", "breakpoint", "unsupported"] as const;
const EXIT = 0;
const TICK_POLL = 1;
const JUMP_POLL = 2;
/** Instructions have the kinds from here on, one for each action. */
const INSTRUCTION = 3;
const X87 = INSTRUCTION + ACTIONS.length;
/** Bits for the kind, for the length of an instruction (above it), and so on. */
const KIND_BITS = 4;
const LENGTH_BITS = 4;

/** What a trap's numbers are relative to. */
interface Places {
  textStart: number;
  base: number;
}

/** A trap as numbers: its place in the cache, and three that its kind explains. */
export type PackedTrap = [at: number, a: number, b: number, c: number];

/**
 * A trap as numbers.
 *
 * @param nameIndex Gives a name's number.
 */
export function packTrap(
  address: number,
  trap: Trap,
  { textStart, base }: Places,
  nameIndex: (name: string) => number,
): PackedTrap {
  const at = address - base;
  switch (trap.kind) {
    case "exit":
      invariant(trap.stub === address, "a trap of an exit that is not its stub's first byte");
      return [at, trap.target - textStart, trap.site - base, EXIT];
    case "poll": {
      const kind = trap.counter === "tick" ? TICK_POLL : JUMP_POLL;
      return [at, trap.pc - textStart, trap.resume - base, kind | (trap.garbageFlags << KIND_BITS)];
    }
    case "instruction": {
      const kind = INSTRUCTION + ACTIONS.indexOf(trap.action);
      const more = trap.length | (nameIndex(trap.name) << LENGTH_BITS);
      return [at, trap.pc - textStart, trap.resume - base, kind | (more << KIND_BITS)];
    }
    case "x87":
      return [at, 0, 0, X87];
    default:
      throw new Error(`engine invariant broken: a trap of kind ${trap.kind} can't be kept`);
  }
}

/** The trap that {@link packTrap} has made these numbers of. */
export function unpackTrap(
  [at, a, b, c]: PackedTrap,
  { textStart, base }: Places,
  names: readonly string[],
): Trap {
  const kind = c & ((1 << KIND_BITS) - 1);
  const more = c >>> KIND_BITS;
  switch (kind) {
    case EXIT:
      return { kind: "exit", target: textStart + a, site: base + b, stub: base + at };
    case TICK_POLL:
    case JUMP_POLL:
      return {
        kind: "poll",
        counter: kind === TICK_POLL ? "tick" : "jump",
        pc: textStart + a,
        garbageFlags: more,
        resume: base + b,
      };
    case X87:
      return { kind: "x87" };
    default: {
      const action = ACTIONS[kind - INSTRUCTION];
      const name = names[more >>> LENGTH_BITS];
      invariant(action !== undefined && name !== undefined, `a kept trap of the unknown kind ${kind}`);
      return {
        kind: "instruction",
        action,
        name,
        pc: textStart + a,
        length: more & ((1 << LENGTH_BITS) - 1),
        resume: base + b,
      };
    }
  }
}
