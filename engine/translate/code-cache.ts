/**
 * The code cache of a program image: translations by app pc, the links between them, the lookup table of
 * indirect jumps, and the way back from a cache pc to the program's own state.
 */
import { invariant } from "../engine-error.ts";
import { Assembler } from "./assembler.ts";
import { CheckedEntries, JUMP_LITERAL } from "./checked-entries.ts";
import { hashOfPage, TextDecoder64 } from "./decode.ts";
import { type Awakened, Dormant } from "./dormant.ts";
import { COUNTER_LOAD, emitLookup, MARK, rflagsBits, type Unit } from "./emission.ts";
import { Kind } from "./instruction.ts";
import { Links } from "./links.ts";
import type { Snapshot } from "./snapshot.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Position, Trap } from "./traps.ts";
import { UNIT_ROOM, UnitEmitter } from "./unit.ts";
import { type Mark, UnitIndex } from "./unit-index.ts";

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
/** Bytes of a code cache that are still kept for later runs; a compiler's is some 6 MiB. */
const MAX_SNAPSHOT = 64 << 20;

interface SyscallSite {
  pc: number;
  next: number;
}

/** See the file's head. */
export class CodeCache {
  private readonly text: TextDecoder64;
  private readonly assemblers: Assembler[] = [];
  private readonly entries = new Map<number, number>();
  private readonly checked: CheckedEntries;
  private readonly traps = new Map<number, Trap>();
  private readonly syscalls = new Map<number, SyscallSite>();
  private readonly units = new UnitIndex((page) => this.host.textTranslated(page * PAGE));
  private readonly links = new Links();
  private nextCounter = 0;
  private missStub = 0;
  /** Translations of an earlier run. */
  private dormant: Dormant | undefined;
  /** Hashes of pages whose translations come from there. */
  private readonly wokenPages = new Map<number, bigint>();
  /** Units made in this run. */
  private fresh = 0;
  /** Whether what it has become is of use for this run alone. */
  private singular = false;

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
    table: Uint32Array,
  ) {
    this.checked = new CheckedEntries(table, (address) => this.assemblerAt(address)!);
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
    this.checked.clear(this.missStub);
  }

  /**
   * Takes over what an earlier run has left; to be called right after {@link initialize}.
   *
   * Only the first region is there from the start. Others are made when text is translated that needs them, as
   * without all this: places that are taken early might be the program's own in a recording that is replayed.
   *
   * @returns False if the first region can't be at the same place here.
   */
  restore(snapshot: Snapshot): boolean {
    const [first] = this.assemblers;
    invariant(first && this.assemblers.length === 1 && this.fresh === 0, "a cache that is in use already");
    const own = first.bytes.subarray(0, first.cursor);
    const [theirs] = snapshot.regions;
    if (
      !theirs ||
      theirs.base !== first.base ||
      !Buffer.from(own).equals(theirs.bytes.subarray(0, own.length))
    )
      return false;
    this.dormant = new Dormant(snapshot, this.awakened());
    this.fill(first);
    return true;
  }

  /** Puts what an earlier run had in a region at the same place into a new one. */
  private fill(asm: Assembler): void {
    const found = this.dormant?.open(asm.base);
    if (!found) return;
    asm.bytes.set(found.bytes);
    asm.cursor = found.bytes.length;
    for (const unit of found.units) this.units.push(asm, unit);
  }

  private awakened(): Awakened {
    return {
      pageHash: (page) => hashOfPage(this.host.fetchPage(page * PAGE)),
      isTranslated: (pc) => this.entries.has(pc),
      addPage: (page, hash) => this.wokenPages.set(page, hash),
      addUnit: (unit) => {
        for (const { pc, entry } of unit.segments) this.entries.set(pc, entry);
        this.units.register(unit);
      },
      addTrap: (address, trap) => this.traps.set(address, trap),
      addSyscall: (address, pc, next) => this.syscalls.set(address, { pc, next }),
      addChecked: (pc, address) => this.checked.add(pc, address),
      addLink: (entry, site, kind) => this.links.add(entry, site, kind),
    };
  }

  /**
   * What later runs of the same program can use, or undefined if that is not worth while.
   *
   * "outdated" if what an earlier run has left is for the most part of no use any more, and in the way.
   */
  snapshot(): Snapshot | "outdated" | undefined {
    const restored = this.dormant?.units.filter(({ segments }) => segments.length > 0).length ?? 0;
    const size = this.assemblers.reduce((sum, { cursor }) => sum + cursor, 0);
    if (this.singular || this.fresh <= restored / 2 || size > MAX_SNAPSHOT) return undefined;
    if (this.dormant?.outdated) return "outdated";
    return takeSnapshot({
      regions: this.assemblers.map(({ base, bytes, cursor }) => ({ base, bytes: bytes.slice(0, cursor) })),
      units: this.units.all,
      unitAt: (address) => this.unitAt(address),
      traps: this.traps,
      syscalls: this.syscalls,
      checked: this.checked.all,
      links: this.links.all,
      pageHash: (page) => this.wokenPages.get(page) ?? this.text.decodedHash(page * PAGE),
      isLinked: (trap) => trap.kind === "exit" && !this.assemblerAt(trap.site)!.leads(trap.site, trap.stub),
    });
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
    return this.known(pc) ?? this.restored(pc) ?? this.translate(pc);
  }

  /** The entry of an app pc that is translated already, in this run or, in a region that is there, in one before. */
  private known(pc: number): number | undefined {
    const entry = this.entries.get(pc);
    if (entry !== undefined || !this.dormant?.wake(Math.floor(pc / PAGE))) return entry;
    return this.entries.get(pc);
  }

  /** The entry of an app pc that an earlier run has translated, in a region that may have to be made. */
  private restored(pc: number): number | undefined {
    const page = Math.floor(pc / PAGE);
    if (!this.dormant?.has(page) || this.text.decode(pc).kind === Kind.NoFetch) return undefined;
    this.regionNear(pc);
    return this.known(pc);
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
      this.checked.emit(asm, pc);
      if (asm.reaches(asm.here, entry)) {
        asm.link(asm.jump(), entry);
      } else {
        asm.alignLiteral(JUMP_LITERAL.length);
        asm.emit(...JUMP_LITERAL);
        asm.u64(entry);
      }
      this.units.push(asm, { start, end: asm.here, segments: [], marks: [], dead: false });
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
    return this.units.at(this.assemblerAt(address), address);
  }

  private markAt(address: number): Mark | undefined {
    return this.units.markAt(this.assemblerAt(address), address);
  }

  /** Forgets all translations of text in [start, end): their entries trap from now on. */
  invalidate(start: number, end: number): void {
    this.text.forget(start, end);
    for (const unit of this.units.ofText(start, end)) this.kill(unit);
  }

  /** Whether any text of [start, end) has been translated. */
  hasTextIn(start: number, end: number): boolean {
    return this.units.ofText(start, end).size > 0;
  }

  private kill(unit: Unit): void {
    const asm = this.assemblerAt(unit.start)!;
    unit.dead = true;
    this.singular = true;
    this.units.unregister(unit);
    for (const segment of unit.segments) {
      if (this.entries.get(segment.pc) !== segment.entry) continue;
      this.entries.delete(segment.pc);
      this.checked.remove(segment.pc);
      asm.setByte(segment.entry, 0xcc);
      this.traps.set(segment.entry, { kind: "dead", target: segment.pc });
    }
  }

  private translate(pc: number): number | undefined {
    if (this.text.decode(pc).kind === Kind.NoFetch) return undefined;
    const asm = this.regionNear(pc);
    if (this.host.notesElisions()) this.singular = true;
    const emitter = new UnitEmitter(
      {
        lookup: (target) => this.known(target),
        addEntry: (target, address) => this.entries.set(target, address),
        addTrap: (address, trap) => this.traps.set(address, trap),
        addSyscall: (address, at, next) => this.syscalls.set(address, { pc: at, next }),
        notesElisions: this.host.notesElisions(),
        linked: (entry, site) => this.links.add(entry, site, "near"),
        emitCheckedEntry: (assembler, target) => this.checked.emit(assembler, target),
      },
      asm,
      this.text,
      this.nextCounter,
    );
    const unit = emitter.run(pc);
    this.nextCounter = emitter.nextCounter;
    this.units.push(asm, unit);
    this.fresh++;
    this.units.register(unit);
    for (const { pc: start, length } of unit.segments)
      this.text.prepare(start + length - ((start + length) % PAGE));
    return this.entries.get(pc);
  }

  private assemblerAt(address: number): Assembler | undefined {
    return this.assemblers.find((asm) => address >= asm.base && address < asm.base + asm.bytes.length);
  }

  private regionNear(pc: number): Assembler {
    const found = this.assemblers.find((asm) => isNear(asm.base, pc) && asm.room > UNIT_ROOM);
    return found ?? this.addRegion(pc);
  }

  private addRegion(near: number): Assembler {
    const region = this.host.newRegion(near);
    const asm = new Assembler(region.base, region.bytes, region.view);
    this.assemblers.push(asm);
    this.fill(asm);
    return asm;
  }
}
