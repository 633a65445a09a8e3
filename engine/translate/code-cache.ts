/**
 * The code cache of a code cache space: which translations serve which text, the lookup table of indirect jumps, and the
 * way back from a cache pc to the program's own state.
 */
import { invariant } from "../engine-error.ts";
import { Assembler } from "./assembler.ts";
import type { CacheHost } from "./cache-host.ts";
import {
  BRANCH_GADGET,
  CALL_STUB,
  CONTEXT,
  CONTEXT_BASE,
  MISS_STUB,
  STOP_GADGET,
  SYSCALL_GADGET,
} from "./context.ts";
import { DispatchTable } from "./dispatch-table.ts";
import { COUNTER_LOAD, emitLookup, rflagsBits } from "./emission.ts";
import { OwnText } from "./own-text.ts";
import type { Region, TextRange } from "./region.ts";
import type { SingleStep } from "./single-step.ts";
import { moduleChanges, type TextModule } from "./text-module.ts";
import { TRANSLATION } from "./translation-info.ts";
import type { SyscallSite, Translations } from "./translations.ts";
import type { Between, ExitTrap, Position, Trap } from "./traps.ts";

/** A module that a cache space uses. */
interface Attached {
  module: TextModule;
  /** How many of its pages are known to be the same here. */
  compared: number;
}

/** Finds, or makes, the translation of any app pc of a cache space, and the program's own state at any cache pc. */
export class CodeCache {
  /** Address of `syscall; int3`, for system calls that the tracer makes in the tracee. */
  readonly syscallGadget = SYSCALL_GADGET;
  /** Address of an `int3`. */
  readonly stopGadget = STOP_GADGET;
  readonly #missStub = MISS_STUB;
  /** Address of a jump to the context's `branchTarget`. */
  readonly branchGadget = BRANCH_GADGET;
  /** How often a module was dropped: tasks may stand in translations that are none of this cache any more. */
  drops = 0;
  /** How often its text has turned out to be another one, or has come to be watched for changes. */
  textChanges = 0;

  readonly #own: OwnText;
  readonly #stubs: Assembler;
  readonly #table: DispatchTable;
  #attached: Attached[] = [];
  /** Stretches of text whose modules can't be used here. */
  #refused: TextRange[] = [];
  /** Modules that were used here. */
  readonly #dropped: TextModule[] = [];
  #seenChanges = 0;

  /**
   * @param table The tracer's view of the lookup table, 32-bit halves.
   * @param stubs Memory of the stubs, at `STUBS_BASE`.
   */
  constructor(
    private readonly host: CacheHost,
    table: Uint32Array,
    stubs: Region,
  ) {
    this.#own = new OwnText(host, (pc) => this.#isShared(pc));
    this.#stubs = new Assembler(stubs.base, stubs.bytes, stubs.view);
    this.#table = new DispatchTable(table, (bytes) =>
      this.#stubs.room > bytes ? this.#stubs : this.#own.regionNear(stubs.base),
    );
  }

  /** Makes the gadgets and lets every indirect jump miss. */
  initialize(): void {
    const asm = this.#stubs;
    asm.emit(0x0f, 0x05, 0xcc); // the system call gadget
    asm.byte(0xcc); // the stop gadget
    asm.byte(0xcc); // a miss
    emitLookup(asm); // once more, when the tracer has made the entry
    invariant(asm.here <= this.branchGadget, "the miss stub runs into the gadget of branches");
    asm.cursor = this.branchGadget - asm.base;
    asm.emit(0xff, 0x24, 0x25); // jmp [branchTarget]
    asm.u32(CONTEXT_BASE + CONTEXT.branchTarget);
    asm.cursor = CALL_STUB.end; // what lies between is no translation
    this.#table.clear();
    this.#table.add(this.#own);
  }

  /** Whether a cache pc lies in the cache at all. */
  contains(address: number): boolean {
    return this.#setAt(address) !== undefined;
  }

  #setAt(address: number): Translations | undefined {
    return this.#moduleWith(address) ?? (this.#own.assemblerAt(address) ? this.#own : undefined);
  }

  /** The module whose memory a cache address is in. */
  #moduleWith(address: number): TextModule | undefined {
    for (const { module } of this.#attached) if (module.assemblerAt(address)) return module;
    return undefined;
  }

  /** What the trap at a cache pc (of its int3) means. */
  trapAt(address: number): Trap | undefined {
    if (address === this.#missStub) return { kind: "miss" };
    return this.#own.trapAt(address) ?? this.#moduleWith(address)?.trapAt(address);
  }

  /** The program's system call whose `syscall` instruction ends at a cache pc. */
  syscallAt(returnAddress: number): SyscallSite | undefined {
    return this.#own.syscallAt(returnAddress) ?? this.#moduleWith(returnAddress)?.syscallAt(returnAddress);
  }

  /**
   * The entry of an app pc, translated if need be.
   * @returns Its cache address, or undefined where the program can't execute.
   */
  entry(pc: number): number | undefined {
    return this.#entryOf(pc)?.entry;
  }

  /** As {@link entry}, for the instruction at an app pc alone. */
  single(pc: number): SingleStep | undefined {
    return this.#own.single(pc);
  }

  #entryOf(pc: number): { set: OwnText | TextModule; entry: number } | undefined {
    const attached = this.#moduleOf(pc);
    if (attached) {
      const { module } = attached;
      const known = module.entry(pc);
      if (known !== undefined) return { set: module, entry: known };
      const entry = module.translate(pc, this, (page) => this.host.fetchPage(page));
      if (entry !== undefined) {
        // They are from here.
        attached.compared = module.pages.length;
        this.#table.update(module);
        return { set: module, entry };
      }
    }
    const entry = this.#own.entry(pc) ?? this.#own.translate(pc);
    if (entry === undefined) return undefined;
    this.#table.update(this.#own);
    return { set: this.#own, entry };
  }

  /** Whether the text at an app pc is, or is going to be, that of a module. */
  #isShared(pc: number): boolean {
    const holds = ({ start, end }: TextRange): boolean => pc >= start && pc < end;
    if (this.#attached.some(({ module }) => holds(module))) return true;
    return !this.#refused.some(holds) && this.host.sharedText(pc) !== undefined;
  }

  /** The module for an app pc, if there is one and its text is the same here. */
  #moduleOf(pc: number): Attached | undefined {
    const known = this.#attached.find(({ module: { start, end } }) => pc >= start && pc < end);
    if (known || !this.#isShared(pc)) return known;
    const module = this.host.moduleAt(pc);
    if (!module || !this.host.sameText(module, module.pages)) {
      this.#refused.push(this.host.sharedText(pc)!);
      return undefined;
    }
    const attached = { module, compared: module.pages.length };
    this.#attached.push(attached);
    this.#table.addModule(module);
    return attached;
  }

  /**
   * Takes over what other cache spaces have added to modules, before this one's code runs again. A module whose new pages are
   * other ones here is dropped.
   */
  update(): void {
    if (this.#seenChanges === moduleChanges()) return;
    this.#seenChanges = moduleChanges();
    for (const attached of [...this.#attached]) {
      const { module, compared } = attached;
      const more = module.pages.slice(compared);
      if (more.length > 0 && !this.host.sameText(module, more)) {
        this.#drop(module);
        continue;
      }
      attached.compared = module.pages.length;
      this.#table.update(module);
    }
  }

  #drop(module: TextModule): void {
    this.#attached = this.#attached.filter((other) => other.module !== module);
    this.#refused.push(module);
    this.#dropped.push(module);
    this.#table.remove(module);
    this.drops++;
  }

  /**
   * Links a direct branch to its target.
   *
   * @returns Where the task goes on that stands at its trap, or undefined as {@link entry}.
   */
  link(exit: ExitTrap): number | undefined {
    const found = this.#entryOf(exit.target);
    if (!found) return undefined;
    // Nothing leads from one set of translations to another one directly.
    return found.set === this.#setAt(exit.site) ? found.set.link(exit, found.entry) : found.entry;
  }

  /**
   * The entry that takes the place of a dead one; what has led to the dead one leads there from now on.
   *
   * @param target App pc of both.
   * @param dead Cache address of the dead entry.
   * @returns undefined as {@link entry}.
   */
  revive(target: number, dead: number): number | undefined {
    const found = this.#entryOf(target);
    if (found?.set === this.#own) this.#own.relink(dead, found.entry);
    return found?.entry;
  }

  /** The entry of an indirect branch's target; later branches there find it by the table. */
  indirectTarget(pc: number): number | undefined {
    const found = this.#entryOf(pc);
    if (!found) return undefined;
    const { set, entry } = found;
    if (set.ensureIblEntry(pc) === false) {
      // The module has no room left.
      if (this.#own.entry(pc) === undefined) this.#own.translate(pc);
      this.#own.ensureIblEntry(pc);
      this.#table.update(this.#own);
      return this.#own.entry(pc);
    }
    this.#table.update(set);
    return entry;
  }

  /** See {@link OwnText.retiredAtFault}. */
  retiredAtFault(address: number): readonly number[] | undefined {
    return this.#own.retiredAtFault(address);
  }

  /** Whether the fragment at a cache pc is a translation of writable text in [start, end), among other text. */
  runsText(address: number, start: number, end: number): boolean {
    return this.#own.runsText(address, start, end);
  }

  /**
   * Where a task that was stopped at a cache pc has to go on, if its counters are set meanwhile: a count that has
   * read the counter, but not written it, starts once more.
   */
  resumption(address: number): number {
    const translation = this.#setAt(address)?.translationAt(address);
    return translation && translation.bits & TRANSLATION.counting
      ? translation.address - COUNTER_LOAD
      : address;
  }

  /** The app pc of the instruction whose copy is at a cache pc, also of text that is another one since. */
  placeOf(address: number): number | undefined {
    const set = this.#setAt(address) ?? this.#dropped.find((module) => module.assemblerAt(address));
    const translation = set?.translationAt(address);
    return translation?.address === address ? translation.pc : undefined;
  }

  /** As {@link placeOf}, where no more is known of an address than its lower 32 bits. */
  *placesOfLower(lower: number): Iterable<number> {
    const modules = [...this.#attached.map(({ module }) => module), ...this.#dropped];
    for (const { base, cursor } of [...this.#own.windows, ...modules.map(({ asm }) => asm)]) {
      const distance = (lower - base) % 2 ** 32;
      const offset = distance < 0 ? distance + 2 ** 32 : distance;
      const pc = offset < cursor ? this.placeOf(base + offset) : undefined;
      if (pc !== undefined) yield pc;
    }
  }

  /** The program's state at a cache pc inside a translation, or undefined elsewhere. */
  position(address: number): Position | undefined {
    const translation = this.#setAt(address)?.translationAt(address);
    if (!translation) return undefined;
    const { pc, bits } = translation;
    return {
      pc,
      rcxSpilled: (bits & TRANSLATION.rcx) !== 0,
      raxSpilled: (bits & TRANSLATION.rax) !== 0,
      tickRcxSpilled: (bits & TRANSLATION.tickRcx) !== 0,
      counted: bits & TRANSLATION.tick ? "tick" : bits & TRANSLATION.jump ? "jump" : undefined,
      garbageFlags: rflagsBits(bits & 63),
    };
  }

  /** Forgets all translations of text in [start, end). */
  invalidate(start: number, end: number): void {
    this.textChanges++;
    for (const { module } of [...this.#attached]) {
      if (!module.hasTextIn(start, end)) module.forgetText(start, end);
      else this.#drop(module);
    }
    // Other text may come there, which modules can be used for.
    this.#refused = this.#refused.filter((range) => range.start >= end || range.end <= start);
    this.#own.invalidate(start, end);
    this.#table.update(this.#own);
  }

  /** Where a task goes on that stands between two instructions; see `OwnText.fragment`. */
  restOfBlock(at: Between, isStep: boolean): number | undefined {
    return this.#own.restOfBlock(at, isStep);
  }

  /** A debugger wants to stop at an app pc from now on, or does not any more. */
  stopsChanged(pc: number): void {
    for (const { module } of [...this.#attached]) {
      if (pc >= module.start && pc < module.end) this.#drop(module);
    }
    this.#own.invalidate(pc, pc + 1);
    this.#table.update(this.#own);
  }

  /** Whether any text of [start, end) has been translated. */
  hasTextIn(start: number, end: number): boolean {
    return (
      this.#attached.some(({ module }) => module.hasTextIn(start, end)) || this.#own.hasTextIn(start, end)
    );
  }
}
