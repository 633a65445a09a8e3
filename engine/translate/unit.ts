/**
 * Translation of one unit: a run of segments of the program's text, emitted in one piece into the code cache.
 *
 * A *segment* is a straight run of instructions up to the next branch, system call or emulated instruction. Its
 * start is an entry: a place where the program's registers and flags are all in the processor, so that any
 * branch may lead there. Ticks are counted inside a segment, where the flags are dead; which place that is
 * depends on the program's text alone (see `deadFlagsIndex`).
 */
import type { Assembler } from "./assembler.ts";
import { CONTEXT } from "./context.ts";
import type { TextDecoder64 } from "./decode.ts";
import { MARK, type Unit, type UnitHost } from "./emission.ts";
import { deadFlagsIndex } from "./flags.ts";
import { ALL_FLAGS, type Decoded, FLAG, Kind } from "./instruction.ts";
import { RetiredEmission } from "./retired-emission.ts";
import { isX87Environment } from "./x87-emission.ts";

/** A segment is cut after so many instructions. */
const MAX_SEGMENT = 64;
/** A unit takes up no further segment after so many instructions. */
const MAX_UNIT = 256;
/** Loops of one segment up to this length are laid out several times, each copy with its own counter. */
const MAX_UNROLLED = 12;
const UNROLL = 4;
/** Bytes that one unit may need at most: instructions grow to some 70 bytes with their stubs. */
export const UNIT_ROOM = (MAX_UNIT + MAX_SEGMENT) * UNROLL * 96;

const NOP = 0x90;
const POPF = 0x9d;

/** Whether an instruction is popf, with any prefixes. */
function loadsFlags(bytes: Uint8Array): boolean {
  const last = bytes.length - 1;
  if (bytes[last] !== POPF) return false;
  for (let i = 0; i < last; i++) if (!isPrefix(bytes[i]!)) return false;
  return true;
}

/** Segments, sizes, repetition, REX. */
function isPrefix(byte: number): boolean {
  return (byte & 0xe7) === 0x26 || (byte >= 0x64 && byte <= 0x67) || byte >= 0xf2 || (byte & 0xf0) === 0x40;
}

/** Emits one unit; see {@link UnitEmitter.run}. */
export class UnitEmitter extends RetiredEmission {
  private instructions = 0;

  constructor(
    host: UnitHost,
    asm: Assembler,
    protected readonly text: TextDecoder64,
    counterSeed: number,
    protected readonly start: number,
  ) {
    super(host, asm, counterSeed, start);
  }

  /** Translates; the unit's first segment begins at `start`. */
  run(): Unit {
    let pc: number | undefined = this.start;
    while (pc !== undefined) pc = this.segment(pc);
    return this.finish();
  }

  protected decodeSegment(pc: number): Decoded[] {
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
  protected segment(pc: number): number | undefined {
    const known = this.host.lookup(pc);
    const isForeign = pc !== this.start && !this.host.owns(pc);
    if (known !== undefined || isForeign || this.instructions >= MAX_UNIT) {
      this.exit(this.asm.jump(), pc, true);
      return undefined;
    }
    const segment = this.decodeSegment(pc);
    const last = segment[segment.length - 1]!;
    if (segment.length === 1 && last.kind === Kind.NoFetch) {
      // No entry: its own exit would lead to it.
      this.exit(this.asm.jump(), pc);
      return undefined;
    }
    this.instructions += segment.length;
    this.unit.segments.push({ pc, length: last.pc + last.length - pc, entry: this.asm.here });
    this.host.addEntry(pc, this.asm.here);
    const body = bodyOf(segment);
    const isTight = last.kind === Kind.Jcc && last.target === pc && segment.length <= MAX_UNROLLED;
    if (isTight && !this.host.notes.retired) {
      this.unrolledLoop(segment, body, last);
      return last.pc + last.length;
    }
    this.body(segment, body, countOf(last));
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

  /**
   * The plain instructions of a segment, with the count of the branch that ends it where the flags are dead.
   *
   * @param from Index of the instruction that a task goes on at, which does not stop there once more.
   */
  protected body(segment: Decoded[], body: Decoded[], counts: "tick" | "jump" | undefined, from = -1): void {
    const at = counts ? deadFlagsIndex(segment) : -1;
    let garbage = 0;
    /** Instructions before this one are counted among those that have retired. */
    let retired = 0;
    this.retire([], segment[0]!.pc);
    for (let i = 0; i < body.length; i++) {
      const instruction = body[i]!;
      if (i > from) this.stopBefore(segment, instruction, garbage);
      if ((counts && i === at) || this.tellsOf(instruction)) {
        this.retire(segment.slice(retired, i), instruction.pc, garbage);
        retired = i;
      }
      if (counts && i === at) {
        garbage = ALL_FLAGS & ~FLAG.CF;
        if (i >= from) this.count(instruction.pc, counts, garbage);
        this.state = counts === "tick" ? MARK.tick : MARK.jump;
      }
      if (i >= from) {
        this.mark(instruction.pc, garbage);
        if (instruction.tellsX87) this.mendX87(instruction, garbage);
        this.plain(instruction);
      }
      garbage &= ~instruction.flagsWritten;
      if (i >= from && loadsFlags(instruction.bytes)) {
        // The trap that the flags may ask for comes behind one more instruction: between two of the program's.
        this.mark(instruction.pc + instruction.length, garbage);
        this.asm.byte(NOP);
      }
    }
    const last = segment[segment.length - 1]!;
    if (body.length < segment.length && body.length > from) this.stopBefore(segment, last, garbage);
    const pc = last.kind === Kind.Plain ? last.pc + last.length : last.pc;
    if (counts && at < 0) {
      this.retire(body.slice(retired), pc);
      retired = body.length;
      this.countKeepingFlags(pc, counts);
      this.state = counts === "tick" ? MARK.tick : MARK.jump;
    }
    this.retire(segment.slice(retired), pc, garbage);
  }

  /** Stops in front of an instruction of a segment, if a debugger wants that. */
  private stopBefore(segment: Decoded[], { pc }: Decoded, garbage: number): void {
    if (!this.host.stopsAt(pc)) return;
    this.mark(pc, garbage);
    this.stop("breakpoint", { origin: segment[0]!.pc, pc }, garbage);
  }

  /** Emits the branch (or trap) at a segment's end. */
  protected terminate(last: Decoded): number | undefined {
    const { asm, host } = this;
    const next = last.pc + last.length;
    if (last.kind !== Kind.Plain) this.mark(last.pc);
    switch (last.kind) {
      case Kind.Plain:
        return next;
      case Kind.Jcc:
        this.exit(asm.jumpIf(last.condition), last.target);
        this.retireNotTaken(next);
        return next;
      case Kind.Loop: {
        // The instruction itself has an 8-bit range: +2 leads to the long jump, the short jump passes it.
        asm.copy(last.bytes.subarray(0, -1));
        asm.emit(0x02, 0xeb, 0x05);
        this.exit(asm.jump(), last.target);
        this.retireNotTaken(next);
        return next;
      }
      case Kind.Jmp:
        // A forward jump into new text is left out: its target simply comes next.
        if (last.target > last.pc && host.lookup(last.target) === undefined) return last.target;
        this.exit(asm.jump(), last.target, true);
        return undefined;
      case Kind.JmpIndirect:
        if (this.loadTarget(last)) this.indirectJump();
        return undefined;
      case Kind.Ret:
        this.popReturn(last);
        this.indirectJump();
        return undefined;
      case Kind.Call:
        this.pushReturn(next, 0);
        this.exit(asm.jump(), last.target, true);
        return this.returnSite(next);
      case Kind.CallIndirect:
        if (!this.loadTarget(last)) return undefined;
        this.pushReturn(next, MARK.rcx);
        this.indirectJump();
        return this.returnSite(next);
      case Kind.Syscall:
        this.syscall(last.pc, next);
        return next;
      case Kind.Emulated: {
        const entry = stubEntry(last);
        if (entry !== undefined) this.ask(next, entry);
        if (isX87Environment(last.name)) this.storeX87(last);
        else this.trap(last, "emulate");
        return next;
      }
      case Kind.Breakpoint:
        this.trap(last, "breakpoint");
        return undefined;
      case Kind.Unsupported:
        this.trap(last, "unsupported");
        return undefined;
      case Kind.Invalid:
        this.trap(last, "emulate");
        return undefined;
      case Kind.NoFetch:
        this.exit(asm.jump(), last.pc);
        return undefined;
    }
  }

  protected returnSite(next: number): number | undefined {
    const isKnown = this.host.lookup(next) !== undefined;
    if (isKnown || !this.host.owns(next) || this.instructions >= MAX_UNIT) return undefined;
    this.host.emitCheckedEntry(this.asm, next);
    this.state = 0;
    return next;
  }
}

/** Where the context says how an instruction is answered without a trap; undefined for those that always trap. */
function stubEntry({ bytes, length }: Decoded): number | undefined {
  if (length !== 2 || bytes[0] !== 0x0f) return undefined;
  if (bytes[1] === 0xa2) return CONTEXT.askCpuid;
  return bytes[1] === 0x31 ? CONTEXT.askTsc : undefined;
}

/** What the branch at a segment's end is counted as. */
export function countOf(last: Decoded): "tick" | "jump" | undefined {
  if (last.kind === Kind.Jcc || last.kind === Kind.Loop) return "tick";
  return last.kind === Kind.Jmp && last.target <= last.pc ? "jump" : undefined;
}

/** The plain instructions of a segment. */
export function bodyOf(segment: Decoded[]): Decoded[] {
  return segment[segment.length - 1]!.kind === Kind.Plain ? segment : segment.slice(0, -1);
}
