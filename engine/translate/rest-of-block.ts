/**
 * Translation from the middle of a basic block on, for a debugger: of one instruction with a stop behind it, or of all that
 * follows. The basic block's branch is counted where it is in the whole basic block; if that is behind the task, not once more.
 */
import type { Assembler } from "./assembler.ts";
import type { TextDecoder64 } from "./decode.ts";
import { deadFlagsIndex } from "./flags.ts";
import { bodyOf, countOf, FragmentEmitter } from "./fragment.ts";
import type { Fragment, FragmentHost } from "./fragment-host.ts";
import { ALL_FLAGS, type Decoded, FLAG, Kind } from "./instruction.ts";
import { TRANSLATION } from "./translation-info.ts";
import type { Between } from "./traps.ts";

/** Emits the rest of a basic block from an app pc inside it, with or without a stop behind its first instruction. */
export class RestEmitter extends FragmentEmitter {
  constructor(
    host: FragmentHost,
    asm: Assembler,
    text: TextDecoder64,
    counterSeed: number,
    private readonly at: Between,
  ) {
    super(host, asm, text, counterSeed, at.pc);
  }

  /** Translates the rest of the basic block, and what comes behind it as any fragment. */
  override run(): Fragment {
    const { block, index } = this.#block();
    this.#begin(block);
    const last = block[block.length - 1]!;
    this.body(block, bodyOf(block), countOf(last), index);
    let pc = this.terminate(last);
    this.state = 0;
    while (pc !== undefined) pc = this.block(pc);
    return this.finish();
  }

  /** Translates one instruction. */
  runOne(): Fragment {
    const { block, index } = this.#block();
    this.#begin(block);
    const last = block[block.length - 1]!;
    const one = block[index]!;
    if (one.kind === Kind.Plain) this.#plainOne(block, index);
    else {
      this.body(block, bodyOf(block), countOf(last), index);
      this.#branchOne(last);
    }
    return this.finish();
  }

  /** The basic block, and the index in it of where the task goes on; a basic block of its own if the text has changed. */
  #block(): { block: Decoded[]; index: number } {
    const { origin, pc } = this.at;
    const block = this.decodeBlock(origin);
    const index = block.findIndex((instruction) => instruction.pc === pc);
    return index >= 0 ? { block, index } : { block: this.decodeBlock(pc), index: 0 };
  }

  /** It is no entry: what leads to the app pc by a branch has its own basic block. */
  #begin(block: Decoded[]): void {
    const [first] = block;
    const last = block[block.length - 1]!;
    const length = last.pc + last.length - first!.pc;
    this.fragment.blocks.push({ pc: first!.pc, length, entry: this.asm.here });
  }

  #plainOne(block: Decoded[], index: number): void {
    const last = block[block.length - 1]!;
    const counts = countOf(last);
    const at = counts ? deadFlagsIndex(block) : -1;
    const one = block[index]!;
    let garbage = 0;
    for (let i = at; i >= 0 && i < index; i++) {
      if (i === at) garbage = ALL_FLAGS & ~FLAG.CF;
      garbage &= ~block[i]!.flagsWritten;
    }
    if (counts && index === at) {
      garbage = ALL_FLAGS & ~FLAG.CF;
      this.count(one.pc, counts, garbage);
    }
    if (counts && at >= 0 && index >= at)
      this.state = counts === "tick" ? TRANSLATION.tick : TRANSLATION.jump;
    this.translates(one.pc, garbage);
    if (one.tellsX87) this.mendX87(one, garbage);
    this.plain(one);
    garbage &= ~one.flagsWritten;
    const next = one.pc + one.length;
    // A basic block that was cut ends here, and another one begins.
    const origin = one === last ? next : block[0]!.pc;
    this.translates(next, garbage);
    this.stop("step", { origin, pc: next }, garbage);
  }

  /** The branch (or trap) at a basic block's end, with a stop wherever it leads. */
  #branchOne(last: Decoded): void {
    const { asm } = this;
    const next = last.pc + last.length;
    switch (last.kind) {
      case Kind.Jcc: {
        this.translates(last.pc);
        const site = asm.jumpIf(last.condition);
        this.#stopAt(next);
        asm.link(site, asm.here);
        this.#stopAt(last.target);
        return;
      }
      case Kind.Loop: {
        this.translates(last.pc);
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
        this.translates(last.pc);
        this.pushReturn(next, 0);
        this.#stopAt(last.target);
        return;
      case Kind.JmpIndirect:
        this.translates(last.pc);
        if (this.loadTarget(last)) this.stop("step", undefined, 0);
        return;
      case Kind.CallIndirect:
        this.translates(last.pc);
        if (!this.loadTarget(last)) return;
        this.pushReturn(next, TRANSLATION.rcx);
        this.stop("step", undefined, 0);
        return;
      case Kind.Ret:
        this.translates(last.pc);
        this.popReturn(last);
        this.stop("step", undefined, 0);
        return;
      default: {
        const behind = this.terminate(last);
        if (behind !== undefined) this.#stopAt(behind);
      }
    }
  }

  /** A stop at the first instruction of a basic block, the branch before it having retired. */
  #stopAt(pc: number): void {
    this.state = 0;
    this.translates(pc);
    this.stop("step", { origin: pc, pc }, 0);
  }
}
