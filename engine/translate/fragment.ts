/**
 * Translation from the middle of a segment on, for a debugger: of one instruction with a stop behind it, or of all that
 * follows. The segment's branch is counted where it is in the whole segment; if that is behind the task, not once more.
 */
import type { Assembler } from "./assembler.ts";
import type { TextDecoder64 } from "./decode.ts";
import { MARK, type Unit, type UnitHost } from "./emission.ts";
import { deadFlagsIndex } from "./flags.ts";
import { ALL_FLAGS, type Decoded, FLAG, Kind } from "./instruction.ts";
import type { Between } from "./traps.ts";
import { bodyOf, countOf, UnitEmitter } from "./unit.ts";

/** Emits the rest of a segment from an app pc inside it, with or without a stop behind its first instruction. */
export class FragmentEmitter extends UnitEmitter {
  constructor(
    host: UnitHost,
    asm: Assembler,
    text: TextDecoder64,
    counterSeed: number,
    private readonly at: Between,
  ) {
    super(host, asm, text, counterSeed, at.pc);
  }

  /** Translates the rest of the segment, and what comes behind it as any unit. */
  override run(): Unit {
    const { segment, index } = this.#segment();
    this.#begin(segment);
    const last = segment[segment.length - 1]!;
    this.body(segment, bodyOf(segment), countOf(last), index);
    let pc = this.terminate(last);
    this.state = 0;
    while (pc !== undefined) pc = this.segment(pc);
    return this.finish();
  }

  /** Translates one instruction. */
  runOne(): Unit {
    const { segment, index } = this.#segment();
    this.#begin(segment);
    const last = segment[segment.length - 1]!;
    const one = segment[index]!;
    if (one.kind === Kind.Plain) this.#plainOne(segment, index);
    else {
      this.body(segment, bodyOf(segment), countOf(last), index);
      this.#branchOne(last);
    }
    return this.finish();
  }

  /** The segment, and the index in it of where the task goes on; a segment of its own if the text has changed. */
  #segment(): { segment: Decoded[]; index: number } {
    const { origin, pc } = this.at;
    const segment = this.decodeSegment(origin);
    const index = segment.findIndex((instruction) => instruction.pc === pc);
    return index >= 0 ? { segment, index } : { segment: this.decodeSegment(pc), index: 0 };
  }

  /** It is no entry: what leads to the app pc by a branch has its own segment. */
  #begin(segment: Decoded[]): void {
    const [first] = segment;
    const last = segment[segment.length - 1]!;
    const length = last.pc + last.length - first!.pc;
    this.unit.segments.push({ pc: first!.pc, length, entry: this.asm.here });
  }

  #plainOne(segment: Decoded[], index: number): void {
    const last = segment[segment.length - 1]!;
    const counts = countOf(last);
    const at = counts ? deadFlagsIndex(segment) : -1;
    const one = segment[index]!;
    let garbage = 0;
    for (let i = at; i >= 0 && i < index; i++) {
      if (i === at) garbage = ALL_FLAGS & ~FLAG.CF;
      garbage &= ~segment[i]!.flagsWritten;
    }
    if (counts && index === at) {
      garbage = ALL_FLAGS & ~FLAG.CF;
      this.count(one.pc, counts, garbage);
    }
    if (counts && at >= 0 && index >= at) this.state = counts === "tick" ? MARK.tick : MARK.jump;
    this.mark(one.pc, garbage);
    if (one.tellsX87) this.mendX87(one, garbage);
    this.plain(one);
    garbage &= ~one.flagsWritten;
    const next = one.pc + one.length;
    // A segment that was cut ends here, and another one begins.
    const origin = one === last ? next : segment[0]!.pc;
    this.mark(next, garbage);
    this.stop("step", { origin, pc: next }, garbage);
  }

  /** The branch (or trap) at a segment's end, with a stop wherever it leads. */
  #branchOne(last: Decoded): void {
    const { asm } = this;
    const next = last.pc + last.length;
    switch (last.kind) {
      case Kind.Jcc: {
        this.mark(last.pc);
        const site = asm.jumpIf(last.condition);
        this.#stopAt(next);
        asm.link(site, asm.here);
        this.#stopAt(last.target);
        return;
      }
      case Kind.Loop: {
        this.mark(last.pc);
        // As in `terminate`: +2 leads to the long jump, the short jump passes it.
        asm.copy(last.bytes.subarray(0, -1));
        asm.emit(0x02, 0xeb, 0x05);
        const site = asm.jump();
        this.#stopAt(next);
        asm.link(site, asm.here);
        this.#stopAt(last.target);
        return;
      }
      case Kind.Jmp:
        this.#stopAt(last.target);
        return;
      case Kind.Call:
        this.mark(last.pc);
        this.pushReturn(next, 0);
        this.#stopAt(last.target);
        return;
      case Kind.JmpIndirect:
        this.mark(last.pc);
        if (this.loadTarget(last)) this.stop("step", undefined, 0);
        return;
      case Kind.CallIndirect:
        this.mark(last.pc);
        if (!this.loadTarget(last)) return;
        this.pushReturn(next, MARK.rcx);
        this.stop("step", undefined, 0);
        return;
      case Kind.Ret:
        this.mark(last.pc);
        this.popReturn(last);
        this.stop("step", undefined, 0);
        return;
      default: {
        const behind = this.terminate(last);
        if (behind !== undefined) this.#stopAt(behind);
      }
    }
  }

  /** A stop at the first instruction of a segment, the branch before it having retired. */
  #stopAt(pc: number): void {
    this.state = 0;
    this.mark(pc);
    this.stop("step", { origin: pc, pc }, 0);
  }
}
