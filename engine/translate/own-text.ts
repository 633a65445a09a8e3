/**
 * Translations that one image has for itself: of text that may change, or that no text module is for. They can be
 * dropped one by one, and their branches led elsewhere.
 */
import { Assembler } from "./assembler.ts";
import type { CacheHost } from "./cache-host.ts";
import { CHECKED_NEXT, slotOf } from "./checked-entry.ts";
import { MISS_STUB } from "./context.ts";
import { TextDecoder64 } from "./decode.ts";
import type { Unit } from "./emission.ts";
import { Kind } from "./instruction.ts";
import { Links } from "./links.ts";
import type { Mark } from "./marks.ts";
import { isNear } from "./region.ts";
import type { SingleStep } from "./single-step.ts";
import { Translations } from "./translations.ts";
import type { Between, Noted } from "./traps.ts";
import { UNIT_ROOM } from "./unit.ts";
import { UnitIndex } from "./unit-index.ts";

const PAGE = 4096;

/** The translations of one image that no text module serves; each can be dropped when its text changes. */
export class OwnText extends Translations {
  readonly #text: TextDecoder64;
  readonly #assemblers: Assembler[] = [];
  readonly #units: UnitIndex;
  readonly #links = new Links();
  /** Where fragments are, by the place that they go on from. */
  readonly #fragments = new Map<string, number>();
  readonly #singles = new Map<number, SingleStep>();

  /**
   * @param isShared Whether the text at an app pc is a module's: nothing leads there directly.
   */
  constructor(
    private readonly host: CacheHost,
    private readonly isShared: (pc: number) => boolean,
  ) {
    super();
    this.#text = new TextDecoder64((page) => host.fetchPage(page));
    this.#units = new UnitIndex((page) => host.textTranslated(page * PAGE));
  }

  protected get notes(): Noted {
    return this.host.notes();
  }

  protected stopsAt(pc: number): boolean {
    return this.host.stopsAt(pc);
  }

  protected owns(pc: number): boolean {
    return !this.isShared(pc);
  }

  /** Translates from an app pc on. @returns Its entry, or undefined where the program can't execute. */
  translate(pc: number): number | undefined {
    this.#translateOne(pc);
    this.translateExpected((expected) => this.#translateOne(expected));
    return this.entry(pc);
  }

  #translateOne(pc: number): void {
    if (this.#text.decode(pc).kind === Kind.NoFetch) {
      // Nothing is a translation of it, so nobody notices when it changes.
      this.#text.forget(pc, pc + 1);
      return;
    }
    const unit = this.emitUnit(pc, this.regionNear(pc), this.#text);
    for (const { pc: start, length } of unit.segments)
      this.#text.prepare(start + length - ((start + length) % PAGE));
  }

  /**
   * Where a task goes on that stands between two instructions.
   *
   * @param isStep Whether it is to stop again behind the next one.
   * @returns A cache address, or undefined where the program can't execute.
   */
  fragment(at: Between, isStep: boolean): number | undefined {
    const key = `${at.origin} ${at.pc} ${isStep}`;
    const known = this.#fragments.get(key);
    if (known !== undefined) return known;
    if (this.#text.decode(at.pc).kind === Kind.NoFetch) return undefined;
    const { start } = this.emitFragment(at, isStep, this.regionNear(at.pc), this.#text);
    this.#fragments.set(key, start);
    return start;
  }

  /** Translates the instruction at an app pc alone. @returns undefined where the program can't execute. */
  single(pc: number): SingleStep | undefined {
    const known = this.#singles.get(pc);
    if (known) return known;
    // A change of the text is noticed, for what is translated as ever.
    if ((this.entry(pc) ?? this.translate(pc)) === undefined) return undefined;
    const { start } = this.emitSingle(pc, this.regionNear(pc), this.#text);
    const single = { pc, entry: start };
    this.#singles.set(pc, single);
    return single;
  }

  /** Makes a checked entry for an app pc that has an entry. */
  ensureChecked(pc: number): void {
    const entry = this.entry(pc);
    if (entry !== undefined && this.checkedAt(pc) === undefined) {
      this.addChecked(this.regionNear(pc), pc, entry);
    }
  }

  /** A window for code near an app pc, with room for a unit. */
  regionNear(pc: number): Assembler {
    const found = this.#assemblers.find((asm) => isNear(asm.base, pc) && asm.room > UNIT_ROOM);
    if (found) return found;
    const region = this.host.newRegion(pc);
    const asm = new Assembler(region.base, region.bytes, region.view);
    this.#assemblers.push(asm);
    return asm;
  }

  /** All memory that translations are in. */
  get windows(): readonly Assembler[] {
    return this.#assemblers;
  }

  assemblerAt(address: number): Assembler | undefined {
    return this.#assemblers.find((asm) => address >= asm.base && address < asm.base + asm.bytes.length);
  }

  markAt(address: number): Mark | undefined {
    return this.#units.markAt(this.assemblerAt(address), address);
  }

  protected addUnit(asm: Assembler, unit: Unit): void {
    this.#units.push(asm, unit);
    this.#units.register(unit);
  }

  protected linked(entry: number, site: number): void {
    this.#links.add(entry, site, "near");
  }

  protected linkedFar(entry: number, literal: number): void {
    this.#links.add(entry, literal, "far");
  }

  /** Lets all that has led to a dead entry lead to the one that takes its place. */
  relink(dead: number, entry: number): void {
    const { near, far } = this.#links.take(dead);
    for (const site of near) {
      const asm = this.assemblerAt(site)!;
      if (this.#units.at(asm, site)?.dead || !asm.reaches(site, entry)) continue;
      asm.link(site, entry);
      this.#links.add(entry, site, "near");
    }
    for (const literal of far) {
      const asm = this.assemblerAt(literal)!;
      if (this.#units.at(asm, literal)?.dead) continue;
      asm.setU64(literal, entry);
      this.#links.add(entry, literal, "far");
    }
  }

  /**
   * What has retired by a fault at a cache pc and is not counted yet, in the order of `RETIRED`; negative for what is
   * counted already. Undefined where nothing is counted.
   */
  retiredAtFault(address: number): readonly number[] | undefined {
    const counts = this.#units.at(this.assemblerAt(address), address)?.counts;
    const mark = this.markAt(address);
    if (!counts || !mark) return undefined;
    let pc = mark.pc;
    for (let i = 0; i < counts.length && counts[i]! <= address; i += 2) pc = counts[i + 1]!;
    const { retiredBy }: typeof import("./retired.ts") = require("./retired.ts");
    const faulting = this.#text.decode(mark.pc);
    // What ends a segment is counted in front of it.
    if (faulting.kind !== Kind.Plain) return retiredBy([faulting]).map((count) => -count);
    const done = [];
    while (pc < mark.pc) {
      const instruction = this.#text.decode(pc);
      done.push(instruction);
      pc += instruction.length;
    }
    return retiredBy(done);
  }

  /** Whether the unit at a cache pc is a translation of text in [start, end), among other text. */
  runsText(address: number, start: number, end: number): boolean {
    const segments = this.#units.at(this.assemblerAt(address), address)?.segments ?? [];
    return segments.some(({ pc, length }) => pc < end && pc + length > start);
  }

  /** Forgets all translations of text in [start, end): their entries trap from now on. */
  invalidate(start: number, end: number): void {
    this.#text.forget(start, end);
    this.#fragments.clear();
    this.#singles.clear();
    for (const unit of this.#units.ofText(start, end)) this.#kill(unit);
  }

  /** Whether any text of [start, end) has been translated. */
  hasTextIn(start: number, end: number): boolean {
    return this.#units.ofText(start, end).size > 0;
  }

  #kill(unit: Unit): void {
    const asm = this.assemblerAt(unit.start)!;
    unit.dead = true;
    this.#units.unregister(unit);
    for (const segment of unit.segments) {
      if (this.entries.get(segment.pc) !== segment.entry) continue;
      this.entries.delete(segment.pc);
      this.#removeChecked(segment.pc);
      asm.setByte(segment.entry, 0xcc);
      this.traps.set(segment.entry, { kind: "dead", target: segment.pc });
    }
  }

  /** Takes a checked entry out of its slot's chain, so that branches to its pc miss. */
  #removeChecked(pc: number): void {
    const gone = this.checked.get(pc);
    if (gone === undefined) return;
    this.checked.delete(pc);
    const slot = slotOf(pc);
    const next = this.assemblerAt(gone)!.getU64(gone + CHECKED_NEXT);
    const before = [...this.chain(slot)].find(({ address }) => this.#nextOf(address) === gone);
    if (before) this.assemblerAt(before.address)!.setU64(before.address + CHECKED_NEXT, next);
    else if (next === MISS_STUB) this.heads.delete(slot);
    else this.heads.set(slot, next);
    this.changedSlots.push(slot);
  }

  #nextOf(checked: number): number {
    return this.assemblerAt(checked)!.getU64(checked + CHECKED_NEXT);
  }
}
