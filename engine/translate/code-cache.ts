/**
 * The code cache of a program image: translations by app pc, the links between them, the lookup table of
 * indirect jumps, and the way back from a cache pc to the program's own state.
 */
import { Assembler } from "./assembler.ts";
import { CONTEXT, CONTEXT_BASE, TABLE_ENTRIES } from "./context.ts";
import { TextDecoder64 } from "./decode.ts";
import { COUNTER_LOAD, emitLookup, MARK, rflagsBits, type Unit } from "./emission.ts";
import { Kind } from "./instruction.ts";
import { Links } from "./links.ts";
import type { Position, Trap } from "./traps.ts";
import { UNIT_ROOM, UnitEmitter } from "./unit.ts";

/** A stretch of cache memory that is mapped in the tracer and, at `base`, in the tracee. */
export interface Region {
  base: number;
  bytes: Uint8Array;
  view: DataView;
}

/** What the cache needs of the address space that it serves. */
export interface CacheHost {
  /** Maps a new region that {@link isNear} an app pc. */
  newRegion(near: number): Region;
  /** Bytes of an executable page of the program, or undefined where it can't execute. */
  fetchPage(page: number): Uint8Array | undefined;
  /** Whether the edges of elided critical sections are to be told; a change concerns new translations only. */
  notesElisions(): boolean;
  /** Called when text of this page has been translated, so that later writes to it are noticed. */
  textTranslated(page: number): void;
}

/** Data within 1 GiB of the text is reachable from a region at most this far from it. */
const NEAR = 0x40000000;

/** Whether a region at `base` can serve text at `pc`. */
export function isNear(base: number, pc: number): boolean {
  return Math.abs(base - pc) < NEAR;
}
const PAGE = 4096;

/** `jmp [rip + 0]`: the address follows. */
const JUMP_LITERAL = [0xff, 0x25, 0, 0, 0, 0];

/** Offset of the next entry's address in a checked entry. */
const NEXT_CHECKED = 36;

interface SyscallSite {
  pc: number;
  next: number;
}

/** See the file's head. */
export class CodeCache {
  private readonly text: TextDecoder64;
  private readonly assemblers: Assembler[] = [];
  private readonly entries = new Map<number, number>();
  /** Checked entries: those that indirect branches find by the table. */
  private readonly checked = new Map<number, number>();
  private readonly traps = new Map<number, Trap>();
  private readonly syscalls = new Map<number, SyscallSite>();
  /** Units by region, in order of their cache addresses. */
  private readonly units = new Map<Assembler, Unit[]>();
  private readonly unitsByPage = new Map<number, Set<Unit>>();
  private readonly links = new Links();
  private nextCounter = 0;
  private missStub = 0;

  /** Address of `syscall; int3`, for system calls that the tracer makes in the tracee. */
  syscallGadget = 0;
  /** Address of an `int3`. */
  stopGadget = 0;
  /** App instructions translated so far. */
  translated = 0;

  /**
   * @param table The tracer's view of the lookup table, 32-bit halves.
   */
  constructor(
    private readonly host: CacheHost,
    private readonly table: Uint32Array,
  ) {
    this.text = new TextDecoder64((page) => host.fetchPage(page));
  }

  /** Puts the gadgets into a first region near `pc` and lets every indirect jump miss. */
  initialize(pc: number): void {
    const asm = this.regionNear(pc);
    this.syscallGadget = asm.here;
    asm.emit(0x0f, 0x05, 0xcc);
    this.stopGadget = asm.here;
    asm.byte(0xcc);
    this.missStub = asm.here;
    this.traps.set(asm.here, { kind: "miss" });
    asm.byte(0xcc);
    emitLookup(asm); // once more, when the tracer has made the entry
    new BigUint64Array(this.table.buffer, this.table.byteOffset, TABLE_ENTRIES).fill(BigInt(this.missStub));
  }

  /** Whether a cache pc lies in the cache at all. */
  contains(address: number): boolean {
    return this.assemblerAt(address) !== undefined;
  }

  /** What the trap at a cache pc (of its int3) means. */
  trapAt(address: number): Trap | undefined {
    return this.traps.get(address);
  }

  /** The program's system call whose `syscall` instruction ends at a cache pc. */
  syscallAt(returnAddress: number): SyscallSite | undefined {
    return this.syscalls.get(returnAddress);
  }

  /**
   * The entry of an app pc, translated if need be.
   * @returns Its cache address, or undefined where the program can't execute.
   */
  entry(pc: number): number | undefined {
    return this.entries.get(pc) ?? this.translate(pc);
  }

  /** Links a direct branch to its target and returns the entry, or undefined as {@link entry}. */
  link(exit: { target: number; site: number; stub: number }): number | undefined {
    const entry = this.entry(exit.target);
    if (entry === undefined) return undefined;
    const asm = this.assemblerAt(exit.site)!;
    // Behind the trap, where the tracee stands now: it goes on there without a register being set.
    const literal = exit.stub + 1 + JUMP_LITERAL.length;
    asm.bytes.set(JUMP_LITERAL, exit.stub + 1 - asm.base);
    asm.setU64(literal, entry);
    if (asm.reaches(exit.site, entry)) {
      asm.link(exit.site, entry);
      this.links.add(entry, exit.site, "near");
    } else {
      asm.link(exit.site, exit.stub + 1);
      this.links.add(entry, literal, "far");
    }
    return entry;
  }

  /**
   * The entry that takes the place of a dead one; what has led to the dead one leads there from now on.
   *
   * @param target App pc of both.
   * @param dead Cache address of the dead entry.
   * @returns undefined as {@link entry}.
   */
  revive(target: number, dead: number): number | undefined {
    const entry = this.entry(target);
    if (entry === undefined) return undefined;
    const { near, far } = this.links.take(dead);
    for (const site of near) {
      const asm = this.assemblerAt(site)!;
      if (this.unitAt(site)?.dead || !asm.reaches(site, entry)) continue;
      asm.link(site, entry);
      this.links.add(entry, site, "near");
    }
    for (const literal of far) {
      if (this.unitAt(literal)?.dead) continue;
      this.assemblerAt(literal)!.setU64(literal, entry);
      this.links.add(entry, literal, "far");
    }
    return entry;
  }

  /** The entry of an indirect branch's target; later branches there find it by the table. */
  indirectTarget(pc: number): number | undefined {
    const entry = this.entry(pc);
    if (entry === undefined) return undefined;
    if (!this.checked.has(pc)) {
      const asm = this.regionNear(pc);
      const start = asm.here;
      this.emitCheckedEntry(asm, pc);
      if (asm.reaches(asm.here, entry)) {
        asm.link(asm.jump(), entry);
      } else {
        asm.alignLiteral(JUMP_LITERAL.length);
        asm.emit(...JUMP_LITERAL);
        asm.u64(entry);
      }
      this.unitList(asm).push({ start, end: asm.here, segments: [], marks: [], dead: false });
    }
    return entry;
  }

  /** Whether the unit at a cache pc is a translation of text in [start, end), among other text. */
  runsText(address: number, start: number, end: number): boolean {
    const segments = this.unitAt(address)?.segments ?? [];
    return segments.some(({ pc, length }) => pc < end && pc + length > start);
  }

  /**
   * Where a task that was stopped at a cache pc has to go on, if its counters are set meanwhile: a count that has
   * read the counter, but not written it, starts once more.
   */
  resumption(address: number): number {
    const mark = this.markAt(address);
    return mark && mark.bits & MARK.counting ? mark.address - COUNTER_LOAD : address;
  }

  /** The program's state at a cache pc inside a translation, or undefined elsewhere. */
  position(address: number): Position | undefined {
    const mark = this.markAt(address);
    if (!mark) return undefined;
    const { pc, bits } = mark;
    return {
      pc,
      rcxSpilled: (bits & MARK.rcx) !== 0,
      raxSpilled: (bits & MARK.rax) !== 0,
      tickRcxSpilled: (bits & MARK.tickRcx) !== 0,
      counted: bits & MARK.tick ? "tick" : bits & MARK.jump ? "jump" : undefined,
      garbageFlags: rflagsBits(bits & 63),
    };
  }

  private unitAt(address: number): Unit | undefined {
    const asm = this.assemblerAt(address);
    if (!asm) return undefined;
    const units = this.unitList(asm);
    const unit = units[lastAtOrBelow(units.length, (i) => units[i]!.start, address)];
    return unit && address < unit.end ? unit : undefined;
  }

  private markAt(address: number): { address: number; pc: number; bits: number } | undefined {
    const marks = this.unitAt(address)?.marks;
    if (!marks) return undefined;
    const i = 3 * lastAtOrBelow(marks.length / 3, (n) => marks[3 * n]!, address);
    return i < 0 ? undefined : { address: marks[i]!, pc: marks[i + 1]!, bits: marks[i + 2]! };
  }

  /** Forgets all translations of text in [start, end): their entries trap from now on. */
  invalidate(start: number, end: number): void {
    this.text.forget(start, end);
    for (const unit of this.unitsIn(start, end)) this.kill(unit);
  }

  /** Whether any text of [start, end) has been translated. */
  hasTextIn(start: number, end: number): boolean {
    return this.unitsIn(start, end).size > 0;
  }

  private unitsIn(start: number, end: number): Set<Unit> {
    const found = new Set<Unit>();
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    const collect = (units: Set<Unit> | undefined): void => {
      for (const unit of units ?? []) found.add(unit);
    };
    if (last - first < this.unitsByPage.size) {
      for (let page = first; page <= last; page++) collect(this.unitsByPage.get(page));
    } else {
      for (const [page, units] of this.unitsByPage) if (page >= first && page <= last) collect(units);
    }
    return found;
  }

  private kill(unit: Unit): void {
    const asm = this.assemblerAt(unit.start)!;
    unit.dead = true;
    for (const segment of unit.segments) {
      const first = Math.floor(segment.pc / PAGE);
      const last = Math.floor((segment.pc + segment.length) / PAGE);
      for (let page = first; page <= last; page++) this.unitsByPage.get(page)?.delete(unit);
      if (this.entries.get(segment.pc) !== segment.entry) continue;
      this.entries.delete(segment.pc);
      this.removeChecked(segment.pc);
      asm.setByte(segment.entry, 0xcc);
      this.traps.set(segment.entry, { kind: "dead", target: segment.pc });
    }
  }

  private translate(pc: number): number | undefined {
    if (this.text.decode(pc).kind === Kind.NoFetch) return undefined;
    const asm = this.regionNear(pc);
    const emitter = new UnitEmitter(
      {
        lookup: (target) => this.entries.get(target),
        addEntry: (target, address) => this.entries.set(target, address),
        addTrap: (address, trap) => this.traps.set(address, trap),
        addSyscall: (address, at, next) => this.syscalls.set(address, { pc: at, next }),
        notesElisions: this.host.notesElisions(),
        linked: (entry, site) => this.links.add(entry, site, "near"),
        emitCheckedEntry: (assembler, target) => this.emitCheckedEntry(assembler, target),
      },
      asm,
      this.text,
      this.nextCounter,
    );
    const unit = emitter.run(pc);
    this.nextCounter = emitter.nextCounter;
    this.unitList(asm).push(unit);
    for (const segment of unit.segments) {
      const first = Math.floor(segment.pc / PAGE);
      const last = Math.floor((segment.pc + segment.length) / PAGE);
      for (let page = first; page <= last; page++) {
        let units = this.unitsByPage.get(page);
        if (!units) {
          units = new Set();
          this.unitsByPage.set(page, units);
        }
        if (units.size === 0) this.host.textTranslated(page * PAGE);
        units.add(unit);
      }
    }
    return this.entries.get(pc);
  }

  /** Code that goes on only if rcx is `pc`, else to the next checked entry of the same table slot. */
  private emitCheckedEntry(asm: Assembler, pc: number): void {
    const slot = pc & (TABLE_ENTRIES - 1);
    asm.alignLiteral(NEXT_CHECKED);
    const address = asm.here;
    asm.emit(0x48, 0xb8); // mov rax, -pc
    asm.u64(-pc);
    asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]
    asm.emit(0xe3, 0x1c); // jrcxz +28
    asm.emit(0x48, 0xb8); // mov rax, pc
    asm.u64(pc);
    asm.emit(0x48, 0x8d, 0x0c, 0x01); // lea rcx, [rcx + rax]: the target again
    asm.emit(...JUMP_LITERAL); // else on along the slot's chain
    asm.u64(this.tableEntry(slot));
    asm.loadRcx(CONTEXT_BASE + CONTEXT.spilledRcx);
    asm.loadRax(CONTEXT_BASE + CONTEXT.spilledRax);
    this.setTable(slot, address);
    this.checked.set(pc, address);
  }

  /** Takes a checked entry out of its slot's chain, so that branches to its pc miss. */
  private removeChecked(pc: number): void {
    const gone = this.checked.get(pc);
    if (gone === undefined) return;
    this.checked.delete(pc);
    const slot = pc & (TABLE_ENTRIES - 1);
    const next = this.nextChecked(gone);
    let at = this.tableEntry(slot);
    if (at === gone) {
      this.setTable(slot, next);
      return;
    }
    while (this.nextChecked(at) !== gone) at = this.nextChecked(at);
    this.assemblerAt(at)!.setU64(at + NEXT_CHECKED, next);
  }

  private nextChecked(checked: number): number {
    return this.assemblerAt(checked)!.getU64(checked + NEXT_CHECKED);
  }

  private setTable(slot: number, address: number): void {
    this.table[2 * slot] = address >>> 0;
    this.table[2 * slot + 1] = Math.floor(address / 0x100000000);
  }

  private tableEntry(slot: number): number {
    return this.table[2 * slot]! + this.table[2 * slot + 1]! * 0x100000000;
  }

  private unitList(asm: Assembler): Unit[] {
    let units = this.units.get(asm);
    if (!units) {
      units = [];
      this.units.set(asm, units);
    }
    return units;
  }

  private assemblerAt(address: number): Assembler | undefined {
    return this.assemblers.find((asm) => address >= asm.base && address < asm.base + asm.bytes.length);
  }

  private regionNear(pc: number): Assembler {
    const found = this.assemblers.find((asm) => isNear(asm.base, pc) && asm.room > UNIT_ROOM);
    if (found) return found;
    const region = this.host.newRegion(pc);
    const asm = new Assembler(region.base, region.bytes, region.view);
    this.assemblers.push(asm);
    return asm;
  }
}

/** Index of the last of `count` ascending keys that is not above `value`, or -1. */
function lastAtOrBelow(count: number, key: (index: number) => number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
