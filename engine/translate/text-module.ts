/**
 * Translations of one stretch of text at one address, for all cache spaces of a recording that have the same text there, and
 * for later recordings.
 *
 * Nothing in them is of one cache space alone: direct branches stay inside the stretch, indirect ones go by the cache space's
 * lookup table, and the cache memory lies at an address that follows from the text's. A cache space may use them if each
 * page that something is a translation of is the same byte by byte, by its hash (`CodeCache` sees to that).
 */
import { uses } from "../optimisations.ts";
import { Assembler } from "./assembler.ts";
import { TextDecoder64 } from "./decode.ts";
import { FRAGMENT_ROOM } from "./fragment.ts";
import type { Fragment } from "./fragment-host.ts";
import { Frozen, type FrozenTables } from "./frozen.ts";
import { Kind } from "./instruction.ts";
import type { Region } from "./region.ts";
import { takeTables } from "./take-tables.ts";
import { findTranslation, type Translation } from "./translation-info.ts";
import { type SyscallSite, Translations } from "./translations.ts";
import { TICKS_ALONE, type Trap } from "./traps.ts";

const PAGE = 4096;

/** Counts the changes of all modules that a cache space may have to take over. */
let changes = 0;

/** How many changes there were so far, of all modules. */
export function moduleChanges(): number {
  return changes;
}

/**
 * The translations of one stretch of text, grown while a program runs, and restored from what earlier runs have kept.
 */
export class TextModule extends Translations {
  protected readonly notes = TICKS_ALONE;
  readonly asm: Assembler;
  readonly #text: TextDecoder64;
  #frozen: Frozen | undefined;
  /** Of this run, in order of their addresses. */
  readonly #fragments: Fragment[] = [];
  /** Hashes of pages that something is a translation of; their order is that of their coming. */
  readonly #hashes = new Map<number, bigint>();
  /** Those pages (numbers), in the same order. */
  readonly pages: number[] = [];
  #fetch: ((page: number) => Uint8Array | undefined) | undefined;
  /** Whose text was decoded last. */
  #reader: unknown;

  /**
   * @param start Start of the text, at a page.
   * @param end Its end.
   */
  constructor(
    readonly start: number,
    readonly end: number,
    readonly region: Region,
  ) {
    super();
    this.asm = new Assembler(region.base, region.bytes, region.view);
    this.#text = new TextDecoder64((page) => {
      const bytes = page >= start && page < end ? this.#fetch?.(page) : undefined;
      // What can't be hashed can't be compared either.
      return bytes?.length === PAGE ? bytes : undefined;
    });
  }

  /** Takes over what an earlier run has left. @returns False if it does not fit in here. */
  restore(tables: FrozenTables): boolean {
    const { code, pages, hashes } = tables;
    if (code.length > this.asm.bytes.length || pages.length !== hashes.length) return false;
    this.asm.bytes.set(code);
    this.asm.cursor = code.length;
    this.#frozen = new Frozen(tables, this.start, this.asm.base);
    for (let i = 0; i < pages.length; i++) {
      const page = this.start / PAGE + pages[i]!;
      this.#hashes.set(page, hashes[i]!);
      this.pages.push(page);
    }
    return true;
  }

  /** Number of fragments that earlier runs have left. */
  get restored(): number {
    return this.#frozen?.tables.fragmentAt.length ?? 0;
  }

  /** Hash of a page of {@link pages}. */
  hash(page: number): bigint | undefined {
    return this.#hashes.get(page);
  }

  /** Whether something is a translation of text in [start, end), or in its pages. */
  hasTextIn(start: number, end: number): boolean {
    if (end <= this.start || start >= this.end) return false;
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    if (last - first > this.pages.length) return this.pages.some((page) => page >= first && page <= last);
    for (let page = first; page <= last; page++) if (this.#hashes.has(page)) return true;
    return false;
  }

  /** Text in [start, end) may be different from now on, in a cache space that does not use this any more. */
  forgetText(start: number, end: number): void {
    this.#text.forget(start, end);
  }

  /**
   * Translates from an app pc on.
   *
   * @param reader Whose text it is.
   * @param fetch Bytes of a page of that text.
   * @returns The entry, or undefined where there is no room, or no text that is whole in here.
   */
  translate(
    pc: number,
    reader: unknown,
    fetch: (page: number) => Uint8Array | undefined,
  ): number | undefined {
    this.#readBy(reader, fetch);
    this.#translateOne(pc);
    this.translateExpected((expected) => this.#translateOne(expected));
    changes++;
    return this.entry(pc);
  }

  #translateOne(pc: number): void {
    if (this.asm.room <= FRAGMENT_ROOM || this.#text.decode(pc).kind === Kind.NoFetch) return;
    this.emitFragment(pc, this.asm, this.#text);
  }

  /** Pages that are kept decoded are always those of one cache space: another one's may differ where nothing is compared. */
  #readBy(reader: unknown, fetch: (page: number) => Uint8Array | undefined): void {
    this.#fetch = fetch;
    if (this.#reader === reader) return;
    this.#reader = reader;
    this.#text.forget(0, Number.POSITIVE_INFINITY);
  }

  /** The IBL entry of an app pc that has an entry here. @returns False if there is none and no room for one. */
  ensureIblEntry(pc: number): boolean {
    if (this.iblEntryAt(pc) !== undefined) return true;
    const entry = this.entry(pc);
    if (entry === undefined || this.asm.room <= FRAGMENT_ROOM) return false;
    this.addIblEntry(this.asm, pc, entry);
    changes++;
    return true;
  }

  /** Others use it who stop nowhere: text with stops in it is translated for each cache space. */
  protected stopsAt(): boolean {
    return false;
  }

  protected owns(pc: number): boolean {
    return pc >= this.start && pc < this.end;
  }

  /** Nothing here is ever led elsewhere. */
  protected linked(): void {}
  protected linkedFar(): void {}

  protected addFragment(_asm: Assembler, fragment: Fragment): void {
    this.#fragments.push(fragment);
    for (const { pc, length } of fragment.blocks) {
      const last = Math.floor((pc + Math.max(length, 1) - 1) / PAGE);
      for (let page = Math.floor(pc / PAGE); page <= last; page++) this.#addPage(page);
    }
  }

  #addPage(page: number): void {
    if (this.#hashes.has(page)) return;
    this.#text.prepare(page * PAGE);
    const hash = this.#text.decodedHash(page * PAGE);
    // A basic block without a single instruction: nothing is a translation of this page.
    if (hash === undefined) return;
    this.#hashes.set(page, hash);
    this.pages.push(page);
  }

  assemblerAt(address: number): Assembler | undefined {
    const { base, bytes } = this.asm;
    return address >= base && address < base + bytes.length ? this.asm : undefined;
  }

  override entry(pc: number): number | undefined {
    return super.entry(pc) ?? this.#frozen?.entry(pc);
  }

  override trapAt(address: number): Trap | undefined {
    return super.trapAt(address) ?? this.#frozen?.trapAt(address);
  }

  override syscallAt(returnAddress: number): SyscallSite | undefined {
    return super.syscallAt(returnAddress) ?? this.#frozen?.syscallAt(returnAddress);
  }

  override iblEntryAt(pc: number): number | undefined {
    return super.iblEntryAt(pc) ?? this.#frozen?.iblEntryAt(pc);
  }

  override head(slot: number): number | undefined {
    return super.head(slot) ?? this.#frozen?.head(slot);
  }

  /** Calls back with each slot that has IBL entries, and the first of them. */
  forEachHead(each: (slot: number, address: number) => void): void {
    if (this.#frozen) {
      const { headSlot, headAt } = this.#frozen.tables;
      const { base } = this.asm;
      for (let i = 0; i < headSlot.length; i++) each(headSlot[i]!, base + headAt[i]!);
    }
    for (const [slot, address] of this.heads) each(slot, address);
  }

  translationAt(address: number): Translation | undefined {
    const first = this.#fragments[0]?.start ?? Number.POSITIVE_INFINITY;
    if (address < first) return this.#frozen?.translationAt(address);
    let low = 0;
    let high = this.#fragments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#fragments[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    const fragment = this.#fragments[low - 1];
    return fragment && address < fragment.end
      ? findTranslation(fragment.translationInfo, fragment.start, fragment.pc, address)
      : undefined;
  }

  /** All that later runs can use. */
  tables(): FrozenTables {
    const { asm, start } = this;
    // What was left as an exit in an earlier run may be translated by now.
    for (const [, trap] of uses("eager") ? (this.#frozen?.traps() ?? []) : []) {
      const entry = trap.kind === "exit" && asm.leads(trap.site, trap.stub) && this.entry(trap.target);
      if (entry && trap.kind === "exit") this.linkAhead(trap, entry);
    }
    return takeTables({
      textStart: start,
      base: asm.base,
      code: asm.bytes.subarray(0, asm.cursor),
      pages: this.pages,
      hashes: this.#hashes,
      before: this.#frozen,
      entries: this.entries,
      traps: this.traps,
      syscalls: this.syscalls,
      checked: this.checked,
      heads: this.heads,
      fragments: this.#fragments,
      isLinked: (trap) => trap.kind === "exit" && !asm.leads(trap.site, trap.stub),
    });
  }
}
