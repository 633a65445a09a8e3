/**
 * Translations that one cache space has for itself: of text that may change, or that no text module is for. They can be
 * dropped one by one, and their branches led elsewhere.
 */
import { Assembler } from "./assembler.ts";
import type { CacheHost } from "./cache-host.ts";
import { MISS_STUB } from "./context.ts";
import { TextDecoder64 } from "./decode.ts";
import { FRAGMENT_ROOM } from "./fragment.ts";
import type { Fragment } from "./fragment-host.ts";
import { FragmentIndex } from "./fragment-index.ts";
import { IBL_NEXT, slotOf } from "./ibl-entry.ts";
import { Kind } from "./instruction.ts";
import { Links } from "./links.ts";
import { isNear } from "./region.ts";
import type { SingleStep } from "./single-step.ts";
import type { Translation } from "./translation-info.ts";
import { Translations } from "./translations.ts";
import type { Between, Noted } from "./traps.ts";

const PAGE = 4096;

/** The translations of one cache space that no text module serves; each can be dropped when its text changes. */
export class OwnText extends Translations {
  readonly #text: TextDecoder64;
  readonly #assemblers: Assembler[] = [];
  readonly #fragments: FragmentIndex;
  readonly #links = new Links();
  /** Where fragments are, by the place that they go on from. */
  readonly #rests = new Map<string, number>();
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
    this.#fragments = new FragmentIndex((page) => host.textTranslated(page * PAGE));
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
    const fragment = this.emitFragment(pc, this.regionNear(pc), this.#text);
    for (const { pc: start, length } of fragment.blocks)
      this.#text.prepare(start + length - ((start + length) % PAGE));
  }

  /**
   * Where a task goes on that stands between two instructions.
   *
   * @param isStep Whether it is to stop again behind the next one.
   * @returns A cache address, or undefined where the program can't execute.
   */
  restOfBlock(at: Between, isStep: boolean): number | undefined {
    const key = `${at.origin} ${at.pc} ${isStep}`;
    const known = this.#rests.get(key);
    if (known !== undefined) return known;
    if (this.#text.decode(at.pc).kind === Kind.NoFetch) return undefined;
    const { start } = this.emitRestOfBlock(at, isStep, this.regionNear(at.pc), this.#text);
    this.#rests.set(key, start);
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

  /** Makes an IBL entry for an app pc that has an entry. */
  ensureIblEntry(pc: number): void {
    const entry = this.entry(pc);
    if (entry !== undefined && this.iblEntryAt(pc) === undefined) {
      this.addIblEntry(this.regionNear(pc), pc, entry);
    }
  }

  /** A window for code near an app pc, with room for a fragment. */
  regionNear(pc: number): Assembler {
    const found = this.#assemblers.find((asm) => isNear(asm.base, pc) && asm.room > FRAGMENT_ROOM);
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

  translationAt(address: number): Translation | undefined {
    return this.#fragments.translationAt(this.assemblerAt(address), address);
  }

  protected addFragment(asm: Assembler, fragment: Fragment): void {
    this.#fragments.push(asm, fragment);
    this.#fragments.register(fragment);
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
      if (this.#fragments.at(asm, site)?.dead || !asm.reaches(site, entry)) continue;
      asm.link(site, entry);
      this.#links.add(entry, site, "near");
    }
    for (const literal of far) {
      const asm = this.assemblerAt(literal)!;
      if (this.#fragments.at(asm, literal)?.dead) continue;
      asm.setU64(literal, entry);
      this.#links.add(entry, literal, "far");
    }
  }

  /**
   * What has retired by a fault at a cache pc and is not counted yet, in the order of `RETIRED`; negative for what is
   * counted already. Undefined where nothing is counted.
   */
  retiredAtFault(address: number): readonly number[] | undefined {
    const counts = this.#fragments.at(this.assemblerAt(address), address)?.counts;
    const translation = this.translationAt(address);
    if (!counts || !translation) return undefined;
    let pc = translation.pc;
    for (let i = 0; i < counts.length && counts[i]! <= address; i += 2) pc = counts[i + 1]!;
    const { retiredBy }: typeof import("./retired.ts") = require("./retired.ts");
    const faulting = this.#text.decode(translation.pc);
    // What ends a basic block is counted in front of it.
    if (faulting.kind !== Kind.Plain) return retiredBy([faulting]).map((count) => -count);
    const done = [];
    while (pc < translation.pc) {
      const instruction = this.#text.decode(pc);
      done.push(instruction);
      pc += instruction.length;
    }
    return retiredBy(done);
  }

  /** Whether the fragment at a cache pc is a translation of text in [start, end), among other text. */
  runsText(address: number, start: number, end: number): boolean {
    const blocks = this.#fragments.at(this.assemblerAt(address), address)?.blocks ?? [];
    return blocks.some(({ pc, length }) => pc < end && pc + length > start);
  }

  /** Forgets all translations of text in [start, end): their entries trap from now on. */
  invalidate(start: number, end: number): void {
    this.#text.forget(start, end);
    this.#rests.clear();
    this.#singles.clear();
    for (const fragment of this.#fragments.ofText(start, end)) this.#kill(fragment);
  }

  /** Whether any text of [start, end) has been translated. */
  hasTextIn(start: number, end: number): boolean {
    return this.#fragments.ofText(start, end).size > 0;
  }

  #kill(fragment: Fragment): void {
    const asm = this.assemblerAt(fragment.start)!;
    fragment.dead = true;
    this.#fragments.unregister(fragment);
    for (const block of fragment.blocks) {
      if (this.entries.get(block.pc) !== block.entry) continue;
      this.entries.delete(block.pc);
      this.#removeIblEntry(block.pc);
      asm.setByte(block.entry, 0xcc);
      this.traps.set(block.entry, { kind: "dead", target: block.pc });
    }
  }

  /** Takes an IBL entry out of its slot's chain, so that branches to its pc miss. */
  #removeIblEntry(pc: number): void {
    const gone = this.checked.get(pc);
    if (gone === undefined) return;
    this.checked.delete(pc);
    const slot = slotOf(pc);
    const next = this.assemblerAt(gone)!.getU64(gone + IBL_NEXT);
    const before = [...this.chain(slot)].find(({ address }) => this.#nextOf(address) === gone);
    if (before) this.assemblerAt(before.address)!.setU64(before.address + IBL_NEXT, next);
    else if (next === MISS_STUB) this.heads.delete(slot);
    else this.heads.set(slot, next);
    this.changedSlots.push(slot);
  }

  #nextOf(checked: number): number {
    return this.assemblerAt(checked)!.getU64(checked + IBL_NEXT);
  }
}
