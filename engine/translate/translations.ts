/**
 * A set of translations: entries by app pc, what its traps mean, and its IBL entries for indirect branches. Two
 * kinds of it make up a code cache: text modules, which cache spaces share, and a cache space's own translations.
 */
import { uses } from "../optimisations.ts";
import type { Assembler } from "./assembler.ts";
import { MISS_STUB } from "./context.ts";
import type { TextDecoder64 } from "./decode.ts";
import { FragmentEmitter } from "./fragment.ts";
import type { Fragment, FragmentHost } from "./fragment-host.ts";
import { emitIblEntry, IBL_NEXT, IBL_PC, JUMP_LITERAL, slotOf } from "./ibl-entry.ts";
import { RestEmitter } from "./rest-of-block.ts";
import { SingleStepEmitter } from "./single-step.ts";
import type { Translation } from "./translation-info.ts";
import type { Between, ExitTrap, Noted, Trap } from "./traps.ts";

/** A system call of the program: its own app pc, and the next one. */
export interface SyscallSite {
  pc: number;
  next: number;
}

/**
 * How many fragments are translated ahead at most, for each that is asked for: of `cc1` the first one saves a stop three times
 * in four, the second one once in four, and a fragment costs more than a stop.
 */
const AHEAD = 1;

let emittedBytes = 0;

/** Bytes of code that were translated so far, for all cache spaces. */
export function translatedBytes(): number {
  return emittedBytes;
}

/**
 * What text modules and a cache space's own translations have in common: entries, traps, and IBL entries for indirect
 * branches.
 */
export abstract class Translations {
  protected readonly entries = new Map<number, number>();
  protected readonly traps = new Map<number, Trap>();
  protected readonly syscalls = new Map<number, SyscallSite>();
  /** Address of the IBL entry of an app pc. */
  protected readonly checked = new Map<number, number>();
  /** The first IBL entry of each slot; it leads to the others of this set, and the last one to the miss stub. */
  protected readonly heads = new Map<number, number>();
  /** Slots whose first IBL entry is another one since, in the order of these changes. */
  readonly changedSlots: number[] = [];
  /** Fragments that were translated in this run. */
  fresh = 0;
  #nextCounter = 0;
  /** Exits of this run that have not been taken, by target. */
  readonly #pending = new Map<number, ExitTrap | ExitTrap[]>();
  /** Targets of branches that are certain to be taken, not translated yet. */
  #expected: number[] = [];
  readonly #linksEagerly = uses("eager");

  /** The window that a cache address of this set lies in. */
  abstract assemblerAt(address: number): Assembler | undefined;
  /** What is marked for a cache pc. */
  abstract translationAt(address: number): Translation | undefined;
  /** Whether a direct branch may lead from here to an app pc. */
  protected abstract owns(pc: number): boolean;
  protected abstract readonly notes: Noted;
  /** Notes that a relative operand leads to an entry. */
  protected abstract linked(entry: number, site: number): void;
  /** Notes a literal of a far jump that leads to an entry. */
  protected abstract linkedFar(entry: number, literal: number): void;
  /** Takes in a fragment that lies behind all others of its window. */
  protected abstract addFragment(asm: Assembler, fragment: Fragment): void;

  /** The entry of an app pc that is translated already. */
  entry(pc: number): number | undefined {
    return this.entries.get(pc);
  }

  /** What the trap at a cache pc (of its int3) means. */
  trapAt(address: number): Trap | undefined {
    return this.traps.get(address);
  }

  /** The program's system call whose `syscall` instruction ends at a cache pc. */
  syscallAt(returnAddress: number): SyscallSite | undefined {
    return this.syscalls.get(returnAddress);
  }

  /** The IBL entry of an app pc. */
  iblEntryAt(pc: number): number | undefined {
    return this.checked.get(pc);
  }

  /** The first IBL entry of a slot of the lookup table. */
  head(slot: number): number | undefined {
    return this.heads.get(slot);
  }

  /** Whether a debugger wants to stop in front of the instruction at an app pc. */
  protected abstract stopsAt(pc: number): boolean;

  /** Translates from an app pc on, into a window that has room for a fragment. */
  protected emitFragment(pc: number, asm: Assembler, text: TextDecoder64): Fragment {
    const emitter = new FragmentEmitter(this.#fragmentHost(), asm, text, this.#nextCounter, pc);
    return this.#emitted(emitter, emitter.run(), asm);
  }

  /** Translates from the middle of a basic block on; see `rest-of-block.ts`. */
  protected emitRestOfBlock(at: Between, isStep: boolean, asm: Assembler, text: TextDecoder64): Fragment {
    const emitter = new RestEmitter(this.#fragmentHost(), asm, text, this.#nextCounter, at);
    return this.#emitted(emitter, isStep ? emitter.runOne() : emitter.run(), asm);
  }

  /** Translates the instruction at an app pc alone. */
  protected emitSingle(pc: number, asm: Assembler, text: TextDecoder64): Fragment {
    const emitter = new SingleStepEmitter(this.#fragmentHost(), asm, text, this.#nextCounter, pc);
    return this.#emitted(emitter, emitter.run(), asm);
  }

  #emitted(emitter: FragmentEmitter, fragment: Fragment, asm: Assembler): Fragment {
    this.#nextCounter = emitter.nextCounter;
    this.fresh++;
    emittedBytes += fragment.end - fragment.start;
    this.addFragment(asm, fragment);
    return fragment;
  }

  #fragmentHost(): FragmentHost {
    return {
      lookup: (target) => this.entry(target),
      owns: (target) => this.owns(target),
      addEntry: (target, address) => this.#addEntry(target, address),
      addTrap: (address, trap) => this.#addTrap(address, trap),
      linksEagerly: this.#linksEagerly,
      expects: (target) => this.#expected.push(target),
      addSyscall: (address, at, next) => this.syscalls.set(address, { pc: at, next }),
      notes: this.notes,
      stopsAt: (pc) => this.stopsAt(pc),
      linked: (entry, site) => this.linked(entry, site),
      emitIblEntry: (assembler, target) => this.emitIbl(assembler, target),
    };
  }

  #addEntry(pc: number, address: number): void {
    this.entries.set(pc, address);
    const exits = this.#pending.get(pc);
    if (!exits) return;
    this.#pending.delete(pc);
    for (const exit of Array.isArray(exits) ? exits : [exits]) this.linkAhead(exit, address);
  }

  #addTrap(address: number, trap: Trap): void {
    this.traps.set(address, trap);
    if (trap.kind !== "exit" || !this.#linksEagerly) return;
    const known = this.#pending.get(trap.target);
    if (Array.isArray(known)) known.push(trap);
    else this.#pending.set(trap.target, known ? [known, trap] : trap);
  }

  /** Leads the branch of an exit that nobody stands at to an entry. */
  protected linkAhead(exit: ExitTrap, entry: number): void {
    const asm = this.assemblerAt(exit.site)!;
    if (!asm.reaches(exit.site, entry)) {
      this.link(exit, entry);
      return;
    }
    asm.link(exit.site, entry);
    this.linked(entry, exit.site);
  }

  /**
   * Translates what the last fragments lead to for certain, as far as that pays: a stop costs as much as a fragment, and some of
   * what is called is never reached.
   *
   * @param translate Translates from an app pc on.
   */
  protected translateExpected(translate: (pc: number) => void): void {
    for (let left = this.#linksEagerly ? AHEAD : 0; left > 0; left--) {
      const pc = this.#expected.shift();
      if (pc === undefined) break;
      if (this.entry(pc) === undefined) translate(pc);
    }
    this.#expected = [];
  }

  /** Leads an exit's branch to an entry of this set. @returns Where the task goes on that stands at its trap. */
  link(exit: { site: number; stub: number }, entry: number): number {
    const asm = this.assemblerAt(exit.site)!;
    // Behind the trap, where the tracee stands now: it goes on there without a register being set.
    const literal = exit.stub + 1 + JUMP_LITERAL.length;
    asm.bytes.set(JUMP_LITERAL, exit.stub + 1 - asm.base);
    asm.setU64(literal, entry);
    if (asm.reaches(exit.site, entry)) {
      asm.link(exit.site, entry);
      this.linked(entry, exit.site);
    } else {
      asm.link(exit.site, exit.stub + 1);
      this.linkedFar(entry, literal);
    }
    return exit.stub + 1;
  }

  /** Makes an IBL entry that leads to the entry of an app pc, in a window that has room. */
  protected addIblEntry(asm: Assembler, pc: number, entry: number): void {
    const start = asm.here;
    this.emitIbl(asm, pc);
    if (asm.reaches(asm.here, entry)) {
      asm.link(asm.jump(), entry);
    } else {
      asm.alignLiteral(JUMP_LITERAL.length);
      asm.emit(...JUMP_LITERAL);
      asm.u64(entry);
    }
    this.addFragment(asm, {
      start,
      end: asm.here,
      blocks: [],
      pc,
      translationInfo: new Uint8Array(0),
      dead: false,
    });
  }

  /** Emits an IBL entry, in front of its slot's chain. */
  private emitIbl(asm: Assembler, pc: number): void {
    const slot = slotOf(pc);
    const address = emitIblEntry(asm, pc, this.head(slot) ?? MISS_STUB);
    this.checked.set(pc, address);
    this.heads.set(slot, address);
    this.changedSlots.push(slot);
  }

  /** The IBL entries of a slot, with their app pcs. */
  *chain(slot: number): Iterable<{ pc: number; address: number }> {
    for (let at = this.head(slot); at !== undefined && at !== MISS_STUB; ) {
      const asm = this.assemblerAt(at)!;
      yield { pc: asm.getU64(at + IBL_PC), address: at };
      at = asm.getU64(at + IBL_NEXT);
    }
  }
}
