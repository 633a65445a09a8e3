/**
 * Translation of one fragment: a run of basic blocks of the program's text, emitted in one piece into the code cache.
 *
 * A *basic block* is a straight run of instructions up to the next branch, system call or emulated instruction. Its
 * start is an entry: a place where the program's registers and flags are all in the processor, so that any
 * branch may lead there. Ticks are counted inside a basic block, where the flags are dead; which place that is
 * depends on the program's text alone (see `deadFlagsIndex`).
 */
import type { Assembler } from "./assembler.ts";
import { CONTEXT } from "./context.ts";
import type { TextDecoder64 } from "./decode.ts";
import { deadFlagsIndex } from "./flags.ts";
import type { Fragment, FragmentHost } from "./fragment-host.ts";
import { ALL_FLAGS, type Decoded, FLAG, Kind } from "./instruction.ts";
import { RetiredEmission } from "./retired-emission.ts";
import { TRANSLATION } from "./translation-info.ts";
import { isX87Environment } from "./x87-emission.ts";

/** A basic block is cut after so many instructions. */
const MAX_BLOCK = 64;
/** A fragment takes up no further basic block after so many instructions. */
const MAX_FRAGMENT = 256;
/** Loops of one basic block up to this length are laid out several times, each copy with its own counter. */
const MAX_UNROLLED = 12;
const UNROLL = 4;
/** Bytes that one fragment may need at most: instructions grow to some 70 bytes with their stubs. */
export const FRAGMENT_ROOM = (MAX_FRAGMENT + MAX_BLOCK) * UNROLL * 96;

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

/** Emits one fragment; see {@link FragmentEmitter.run}. */
export class FragmentEmitter extends RetiredEmission {
  private instructions = 0;

  constructor(
    host: FragmentHost,
    asm: Assembler,
    protected readonly text: TextDecoder64,
    counterSeed: number,
    protected readonly start: number,
  ) {
    super(host, asm, counterSeed, start);
  }

  /** Translates; the fragment's first basic block begins at `start`. */
  run(): Fragment {
    let pc: number | undefined = this.start;
    while (pc !== undefined) pc = this.block(pc);
    return this.finish();
  }

  protected decodeBlock(pc: number): Decoded[] {
    const block: Decoded[] = [];
    let at = pc;
    while (block.length < MAX_BLOCK) {
      const instruction = this.text.decode(at);
      block.push(instruction);
      if (instruction.kind !== Kind.Plain) break;
      at += instruction.length;
    }
    return block;
  }

  /** Emits the basic block at `pc`; returns the app pc to go on at, or undefined at the fragment's end. */
  protected block(pc: number): number | undefined {
    const known = this.host.lookup(pc);
    const isForeign = pc !== this.start && !this.host.owns(pc);
    if (known !== undefined || isForeign || this.instructions >= MAX_FRAGMENT) {
      this.exit(this.asm.jump(), pc, true);
      return undefined;
    }
    const block = this.decodeBlock(pc);
    const last = block[block.length - 1]!;
    if (block.length === 1 && last.kind === Kind.NoFetch) {
      // No entry: its own exit would lead to it.
      this.exit(this.asm.jump(), pc);
      return undefined;
    }
    this.instructions += block.length;
    this.fragment.blocks.push({ pc, length: last.pc + last.length - pc, entry: this.asm.here });
    this.host.addEntry(pc, this.asm.here);
    const body = bodyOf(block);
    const isTight = last.kind === Kind.Jcc && last.target === pc && block.length <= MAX_UNROLLED;
    if (isTight && !this.host.notes.retired) {
      this.unrolledLoop(block, body, last);
      return last.pc + last.length;
    }
    this.body(block, body, countOf(last));
    const next = this.terminate(last);
    this.state = 0;
    return next;
  }

  /** A loop that is one basic block: copies with counters of their own, all but the last leaving the other way. */
  private unrolledLoop(block: Decoded[], body: Decoded[], last: Decoded): void {
    const leaving: number[] = [];
    const head = this.asm.here;
    for (let copy = 1; copy <= UNROLL; copy++) {
      this.body(block, body, "tick");
      this.translates(last.pc);
      if (copy < UNROLL) leaving.push(this.asm.jumpIf(last.condition ^ 1));
      else this.asm.link(this.asm.jumpIf(last.condition), head);
      this.state = 0;
    }
    for (const site of leaving) this.asm.link(site, this.asm.here);
  }

  /**
   * The plain instructions of a basic block, with the count of the branch that ends it where the flags are dead.
   *
   * @param from Index of the instruction that a task goes on at, which does not stop there once more.
   */
  protected body(block: Decoded[], body: Decoded[], counts: "tick" | "jump" | undefined, from = -1): void {
    const at = counts ? deadFlagsIndex(block) : -1;
    let garbage = 0;
    /** Instructions before this one are counted among those that have retired. */
    let retired = 0;
    this.retire([], block[0]!.pc);
    for (let i = 0; i < body.length; i++) {
      const instruction = body[i]!;
      if (i > from) this.stopBefore(block, instruction, garbage);
      if ((counts && i === at) || this.tellsOf(instruction)) {
        this.retire(block.slice(retired, i), instruction.pc, garbage);
        retired = i;
      }
      if (counts && i === at) {
        garbage = ALL_FLAGS & ~FLAG.CF;
        if (i >= from) this.count(instruction.pc, counts, garbage);
        this.state = counts === "tick" ? TRANSLATION.tick : TRANSLATION.jump;
      }
      if (i >= from) {
        this.translates(instruction.pc, garbage);
        if (instruction.tellsX87) this.mendX87(instruction, garbage);
        this.plain(instruction);
      }
      garbage &= ~instruction.flagsWritten;
      if (i >= from && loadsFlags(instruction.bytes)) {
        // The trap that the flags may ask for comes behind one more instruction: between two of the program's.
        this.translates(instruction.pc + instruction.length, garbage);
        this.asm.byte(NOP);
      }
    }
    const last = block[block.length - 1]!;
    if (body.length < block.length && body.length > from) this.stopBefore(block, last, garbage);
    const pc = last.kind === Kind.Plain ? last.pc + last.length : last.pc;
    if (counts && at < 0) {
      this.retire(body.slice(retired), pc);
      retired = body.length;
      this.countKeepingFlags(pc, counts);
      this.state = counts === "tick" ? TRANSLATION.tick : TRANSLATION.jump;
    }
    this.retire(block.slice(retired), pc, garbage);
  }

  /** Stops in front of an instruction of a basic block, if a debugger wants that. */
  private stopBefore(block: Decoded[], { pc }: Decoded, garbage: number): void {
    if (!this.host.stopsAt(pc)) return;
    this.translates(pc, garbage);
    this.stop("breakpoint", { origin: block[0]!.pc, pc }, garbage);
  }

  /** Emits the branch (or trap) at a basic block's end. */
  protected terminate(last: Decoded): number | undefined {
    const { asm, host } = this;
    const next = last.pc + last.length;
    if (last.kind !== Kind.Plain) this.translates(last.pc);
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
        this.pushReturn(next, TRANSLATION.rcx);
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
    if (isKnown || !this.host.owns(next) || this.instructions >= MAX_FRAGMENT) return undefined;
    this.host.emitIblEntry(this.asm, next);
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

/** What the branch at a basic block's end is counted as. */
export function countOf(last: Decoded): "tick" | "jump" | undefined {
  if (last.kind === Kind.Jcc || last.kind === Kind.Loop) return "tick";
  return last.kind === Kind.Jmp && last.target <= last.pc ? "jump" : undefined;
}

/** The plain instructions of a basic block. */
export function bodyOf(block: Decoded[]): Decoded[] {
  return block[block.length - 1]!.kind === Kind.Plain ? block : block.slice(0, -1);
}
