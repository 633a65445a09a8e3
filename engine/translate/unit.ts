/**
 * Translation of one unit: a run of segments of the program's text, emitted in one piece into the code cache.
 *
 * A *segment* is a straight run of instructions up to the next branch, system call or emulated instruction. Its
 * start is an entry: a place where the program's registers and flags are all in the processor, so that any
 * branch may lead there. Ticks are counted inside a segment, where the flags are dead; which place that is
 * depends on the program's text alone (see `deadFlagsIndex`).
 */
import { Code } from "iced-x86";
import type { Assembler } from "./assembler.ts";
import { CONTEXT, CONTEXT_BASE, counterAddress, JUMP_COUNTER, TABLE_BASE, TICK_COUNTERS } from "./context.ts";
import { ALL_FLAGS, type Decoded, FLAG, Kind, type TextDecoder64 } from "./decode.ts";
import { deadFlagsIndex } from "./flags.ts";
import type { Trap } from "./traps.ts";

/** A segment is cut after so many instructions. */
const MAX_SEGMENT = 64;
/** A unit takes up no further segment after so many instructions. */
const MAX_UNIT = 256;
/** Loops of one segment up to this length are laid out several times, each copy with its own counter. */
const MAX_UNROLLED = 12;
const UNROLL = 4;
/** Offset of the literal in an exit's stub: behind the trap and the opcode of the far jump. */
const STUB_LITERAL = 7;
/** Bytes that one unit may need at most: instructions grow to some 70 bytes with their stubs. */
export const UNIT_ROOM = (MAX_UNIT + MAX_SEGMENT) * UNROLL * 96;

const SPILLED_RCX = CONTEXT_BASE + CONTEXT.spilledRcx;
const SPILLED_RAX = CONTEXT_BASE + CONTEXT.spilledRax;
const TICK_RCX = CONTEXT_BASE + CONTEXT.tickRcx;

/** Bits of a mark, beside the flags that hold garbage (low 6 bits, iced's numbering). */
export const MARK = { rcx: 64, rax: 128, tickRcx: 256, tick: 512, jump: 1024, counting: 2048 } as const;
/** Length of the load that an interrupted count goes back to; see `countKeepingFlags`. */
export const COUNTER_LOAD = 7;

/** What the code cache does for a unit that is being emitted. */
export interface UnitHost {
  /** The entry of an app pc that is translated already. */
  lookup(pc: number): number | undefined;
  addEntry(pc: number, address: number): void;
  addTrap(address: number, trap: Trap): void;
  addSyscall(returnAddress: number, pc: number, next: number): void;
  /** Called when the relative operand at `site` leads to an entry directly. */
  linked(entry: number, site: number): void;
  /** Puts a checked entry for returns to `pc` here, falling through into what comes next. */
  emitCheckedEntry(assembler: Assembler, pc: number): void;
}

/** One emitted unit. */
export interface Unit {
  /** Cache addresses [start, end). */
  start: number;
  end: number;
  /** App pc and length in bytes of each segment, with the cache address of its entry. */
  segments: { pc: number; length: number; entry: number }[];
  /** Triples (cache pc, app pc, MARK bits) in order of the cache pc. */
  marks: number[];
  /** Its text has changed: nothing leads here any more. */
  dead: boolean;
}

/** RFLAGS bits (Intel SDM vol. 1, 3.4.3) of a set of flags in iced's numbering. */
export function rflagsBits(flags: number): number {
  return (
    (flags & FLAG.OF ? 0x800 : 0) |
    (flags & FLAG.SF ? 0x80 : 0) |
    (flags & FLAG.ZF ? 0x40 : 0) |
    (flags & FLAG.AF ? 0x10 : 0) |
    (flags & FLAG.PF ? 0x04 : 0) |
    (flags & FLAG.CF ? 0x01 : 0)
  );
}

/** Emits one unit; see {@link UnitEmitter.run}. */
export class UnitEmitter {
  private readonly unit: Unit;
  /** Work for behind the hot code: stubs and literals. */
  private readonly cold: (() => void)[] = [];
  private instructions = 0;
  /** Marks of code emitted now: branch counted, garbage flags. */
  private state = 0;

  /**
   * @param counterSeed Where the turn of the tick counters stands.
   */
  constructor(
    private readonly host: UnitHost,
    private readonly asm: Assembler,
    private readonly text: TextDecoder64,
    private counterSeed: number,
  ) {
    this.unit = { start: asm.here, end: 0, segments: [], marks: [], dead: false };
  }

  /** Which counter the next site takes. */
  get nextCounter(): number {
    return this.counterSeed;
  }

  /** Translates from `start` on; the unit's first segment begins there. */
  run(start: number): Unit {
    let pc: number | undefined = start;
    while (pc !== undefined) pc = this.segment(pc);
    for (const emit of this.cold) emit();
    this.unit.end = this.asm.here;
    return this.unit;
  }

  private decodeSegment(pc: number): Decoded[] {
    const segment: Decoded[] = [];
    let at = pc;
    while (segment.length < MAX_SEGMENT) {
      const instruction = this.text.decode(at);
      segment.push(instruction);
      if (instruction.kind !== Kind.Plain) break;
      at += instruction.length;
    }
    return segment;
  }

  /** Emits the segment at `pc`; returns the app pc to go on at, or undefined at the unit's end. */
  private segment(pc: number): number | undefined {
    const known = this.host.lookup(pc);
    if (known !== undefined || this.instructions >= MAX_UNIT) {
      this.exit(this.asm.jump(), pc);
      return undefined;
    }
    const segment = this.decodeSegment(pc);
    const last = segment[segment.length - 1]!;
    this.instructions += segment.length;
    this.unit.segments.push({ pc, length: last.pc + last.length - pc, entry: this.asm.here });
    this.host.addEntry(pc, this.asm.here);
    const body = last.kind === Kind.Plain ? segment : segment.slice(0, -1);
    if (last.kind === Kind.Jcc && last.target === pc && segment.length <= MAX_UNROLLED) {
      this.unrolledLoop(segment, body, last);
      return last.pc + last.length;
    }
    const counts =
      last.kind === Kind.Jcc || last.kind === Kind.Loop
        ? "tick"
        : last.kind === Kind.Jmp && last.target <= last.pc
          ? "jump"
          : undefined;
    this.body(segment, body, counts);
    const next = this.terminate(last);
    this.state = 0;
    return next;
  }

  /** A loop that is one segment: copies with counters of their own, all but the last leaving the other way. */
  private unrolledLoop(segment: Decoded[], body: Decoded[], last: Decoded): void {
    const leaving: number[] = [];
    const head = this.asm.here;
    for (let copy = 1; copy <= UNROLL; copy++) {
      this.body(segment, body, "tick");
      this.mark(last.pc);
      if (copy < UNROLL) leaving.push(this.asm.jumpIf(last.condition ^ 1));
      else this.asm.link(this.asm.jumpIf(last.condition), head);
      this.state = 0;
    }
    for (const site of leaving) this.asm.link(site, this.asm.here);
  }

  /** The plain instructions of a segment, with the count of the branch that ends it where the flags are dead. */
  private body(segment: Decoded[], body: Decoded[], counts: "tick" | "jump" | undefined): void {
    const at = counts ? deadFlagsIndex(segment) : -1;
    let garbage = 0;
    for (let i = 0; i < body.length; i++) {
      const instruction = body[i]!;
      if (counts && i === at) {
        garbage = ALL_FLAGS & ~FLAG.CF;
        this.count(instruction.pc, counts, garbage);
        this.state = counts === "tick" ? MARK.tick : MARK.jump;
      }
      this.mark(instruction.pc, garbage);
      this.plain(instruction);
      garbage &= ~instruction.flagsWritten;
    }
    if (counts && at < 0) {
      this.countKeepingFlags(segment[segment.length - 1]!.pc, counts);
      this.state = counts === "tick" ? MARK.tick : MARK.jump;
    }
  }

  private mark(pc: number, bits = 0): void {
    this.unit.marks.push(this.asm.here, pc, bits | this.state);
  }

  private counter(counts: "tick" | "jump"): number {
    if (counts === "jump") return counterAddress(JUMP_COUNTER);
    const index = this.counterSeed;
    this.counterSeed = (index + 1) % TICK_COUNTERS;
    return counterAddress(index);
  }

  /** `dec dword [counter]; jle poll`: the counter reaches zero before the branch that it was given for. */
  private count(pc: number, counter: "tick" | "jump", garbage: number): void {
    const { asm } = this;
    this.mark(pc, 0);
    asm.emit(0xff, 0x0c, 0x25);
    asm.u32(this.counter(counter));
    const site = asm.jumpIf(0xe);
    const resume = asm.here;
    this.cold.push(() => {
      asm.link(site, asm.here);
      this.host.addTrap(asm.here, {
        kind: "poll",
        counter,
        pc,
        garbageFlags: rflagsBits(garbage),
        resume: asm.here + 1,
      });
      asm.byte(0xcc);
      asm.link(asm.jump(), resume);
    });
  }

  /**
   * The same without touching the flags: rcx is spilled, and `jrcxz` finds the counter at zero.
   *
   * The tracer may set the counter while the task is stopped by a signal, also between load and store: such a
   * count starts once more at the load (MARK.counting).
   */
  private countKeepingFlags(pc: number, counter: "tick" | "jump"): void {
    const { asm } = this;
    const address = this.counter(counter);
    this.mark(pc);
    asm.storeRcx(TICK_RCX);
    this.mark(pc, MARK.tickRcx);
    asm.emit(0x8b, 0x0c, 0x25); // mov ecx, [counter]
    asm.u32(address);
    this.mark(pc, MARK.tickRcx | MARK.counting);
    asm.emit(0x8d, 0x49, 0xff); // lea ecx, [rcx - 1]
    asm.emit(0x89, 0x0c, 0x25); // mov [counter], ecx
    asm.u32(address);
    this.mark(pc, MARK.tickRcx);
    asm.emit(0xe3, 0x02, 0xeb, 0x01); // jrcxz +2; jmp +1
    this.host.addTrap(asm.here, { kind: "poll", counter, pc, garbageFlags: 0, resume: asm.here + 1 });
    asm.byte(0xcc);
    asm.loadRcx(TICK_RCX);
  }

  /** Copies an instruction; only a RIP-relative displacement changes, and elision prefixes go. */
  private plain(instruction: Decoded): void {
    const { asm } = this;
    const { bytes, elidedPrefix, displacement } = instruction;
    const start = asm.cursor;
    if (elidedPrefix >= 0) {
      for (let i = 0; i < bytes.length; i++) if (i !== elidedPrefix) asm.byte(bytes[i]!);
    } else {
      asm.copy(bytes);
    }
    if (displacement > 0 && !this.relocate(instruction, start + displacement - (elidedPrefix >= 0 ? 1 : 0))) {
      asm.cursor = start;
      this.trap(instruction, "unsupported");
    }
  }

  /**
   * Mends the RIP-relative displacement at `offset` of an instruction that ends at the cursor.
   *
   * @returns False where the data is too far from the cache: no compiler makes that, but what follows a call
   *   that never returns may be anything.
   */
  private relocate(instruction: Decoded, offset: number): boolean {
    const { asm } = this;
    const view = new DataView(instruction.bytes.buffer, instruction.bytes.byteOffset, instruction.length);
    const target = instruction.pc + instruction.length + view.getInt32(instruction.displacement, true);
    const distance = target - asm.here;
    if (distance < -0x80000000 || distance > 0x7fffffff) return false;
    const end = asm.cursor;
    asm.cursor = offset;
    asm.u32(distance);
    asm.cursor = end;
    return true;
  }

  /** Emits the branch (or trap) at a segment's end. */
  private terminate(last: Decoded): number | undefined {
    const { asm, host } = this;
    const next = last.pc + last.length;
    this.mark(last.pc);
    switch (last.kind) {
      case Kind.Plain:
        return next;
      case Kind.Jcc:
        this.exit(asm.jumpIf(last.condition), last.target);
        return next;
      case Kind.Loop: {
        // The instruction itself has an 8-bit range: +2 leads to the long jump, the short jump passes it.
        asm.copy(last.bytes.subarray(0, -1));
        asm.emit(0x02, 0xeb, 0x05);
        this.exit(asm.jump(), last.target);
        return next;
      }
      case Kind.Jmp:
        // A forward jump into new text is left out: its target simply comes next.
        if (last.target > last.pc && host.lookup(last.target) === undefined) return last.target;
        this.exit(asm.jump(), last.target);
        return undefined;
      case Kind.JmpIndirect:
        if (this.loadTarget(last)) this.indirectJump();
        return undefined;
      case Kind.Ret:
        asm.storeRcx(SPILLED_RCX);
        this.mark(last.pc, MARK.rcx);
        asm.byte(0x59); // pop rcx
        if (last.length >= 3 && last.bytes[last.length - 3] === 0xc2) {
          asm.emit(0x48, 0x8d, 0xa4, 0x24); // lea rsp, [rsp + imm]
          asm.u32(last.bytes[last.length - 2]! | (last.bytes[last.length - 1]! << 8));
        }
        this.indirectJump();
        return undefined;
      case Kind.Call:
        this.pushReturn(next, 0);
        this.exit(asm.jump(), last.target);
        return this.returnSite(next);
      case Kind.CallIndirect:
        if (!this.loadTarget(last)) return undefined;
        this.pushReturn(next, MARK.rcx);
        this.indirectJump();
        return this.returnSite(next);
      case Kind.Syscall:
        asm.emit(0x0f, 0x05);
        host.addSyscall(asm.here, last.pc, next);
        asm.emit(0x48, 0xb9); // mov rcx, next: the kernel leaves the cache pc there
        asm.u64(next);
        return next;
      case Kind.Xbegin:
        // Aborts at once with status 0: "no retry" (Intel SDM vol. 1, 16.3.5); the flags stay.
        asm.byte(0xb8);
        asm.u32(0);
        this.exit(asm.jump(), last.target);
        return undefined;
      case Kind.Emulated:
        this.trap(last, "emulate");
        return next;
      case Kind.Breakpoint:
        this.trap(last, "breakpoint");
        return undefined;
      case Kind.Unsupported:
        this.trap(last, "unsupported");
        return undefined;
      case Kind.Invalid:
        asm.emit(0x0f, 0x0b);
        return undefined;
      case Kind.NoFetch:
        this.exit(asm.jump(), last.pc);
        return undefined;
    }
  }

  private trap(instruction: Decoded, action: "emulate" | "breakpoint" | "unsupported"): void {
    const { asm } = this;
    this.host.addTrap(asm.here, {
      kind: "instruction",
      action,
      name: Code[instruction.code]!.toLowerCase().split("_")[0]!,
      pc: instruction.pc,
      length: instruction.length,
      resume: asm.here + 1,
    });
    asm.byte(0xcc);
  }

  /** Lets the branch with the operand at `site` lead to an app pc: directly, or by a stub that traps once. */
  private exit(site: number, target: number): void {
    const { asm } = this;
    const known = this.host.lookup(target);
    if (known !== undefined && asm.reaches(site, known)) {
      asm.link(site, known);
      this.host.linked(known, site);
      return;
    }
    this.cold.push(() => {
      asm.alignLiteral(STUB_LITERAL);
      asm.link(site, asm.here);
      this.host.addTrap(asm.here, { kind: "exit", target, site, stub: asm.here });
      // The trap, and room for the far jump that takes its place.
      for (let i = 0; i < 15; i++) asm.byte(0xcc);
    });
  }

  /** Pushes the *app* return address, so that the program and its unwinders see their own text. */
  private pushReturn(next: number, bits: number): void {
    const { asm } = this;
    this.mark(this.unit.marks[this.unit.marks.length - 2]!, bits);
    if (next < 0x80000000) {
      asm.byte(0x68); // push imm32
      asm.u32(next);
      return;
    }
    asm.emit(0xff, 0x35); // push [rip + literal]
    const site = asm.relative();
    this.cold.push(() => {
      asm.alignLiteral(0);
      asm.link(site, asm.here);
      asm.u64(next);
    });
  }

  private returnSite(next: number): number | undefined {
    if (this.host.lookup(next) !== undefined || this.instructions >= MAX_UNIT) return undefined;
    this.host.emitCheckedEntry(this.asm, next);
    this.state = 0;
    return next;
  }

  /**
   * Spills rcx and loads it with the operand of `jmp r/m64` or `call r/m64`.
   *
   * @returns False if there is a trap instead, the operand being out of reach.
   */
  private loadTarget(instruction: Decoded): boolean {
    const { asm } = this;
    const { bytes } = instruction;
    const first = asm.cursor;
    asm.storeRcx(SPILLED_RCX);
    this.mark(instruction.pc, MARK.rcx);
    let i = 0;
    let rex = 0;
    for (; bytes[i] !== 0xff; i++) {
      const prefix = bytes[i]!;
      // A REX prefix counts only right before the opcode (Intel SDM vol. 2, 2.2.1).
      rex = (prefix & 0xf0) === 0x40 ? prefix : 0;
      if (prefix === 0x64 || prefix === 0x65 || prefix === 0x67) asm.byte(prefix);
    }
    asm.emit(0x48 | (rex & 3), 0x8b, (bytes[i + 1]! & 0xc7) | 0x08);
    const start = asm.cursor;
    asm.copy(bytes.subarray(i + 2));
    if (
      instruction.displacement === 0 ||
      this.relocate(instruction, start + instruction.displacement - (i + 2))
    ) {
      return true;
    }
    this.unit.marks.splice(-3);
    asm.cursor = first;
    this.trap(instruction, "unsupported");
    return false;
  }

  /** Goes to the app pc in rcx by the lookup table; rcx is spilled already. */
  private indirectJump(): void {
    const { asm } = this;
    asm.storeRax(SPILLED_RAX);
    emitLookup(asm);
  }
}

/** `movzx eax, cx; jmp [rax * 8 + table]`. */
export function emitLookup(asm: Assembler): void {
  asm.emit(0x0f, 0xb7, 0xc1, 0xff, 0x24, 0xc5);
  asm.u32(TABLE_BASE);
}
