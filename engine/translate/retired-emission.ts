/**
 * Code that counts what the program retires (`retired.ts`), where somebody asks for it. It stands in front of every place
 * where a task can be stopped for its own sake: counts of ticks, traps, and what ends a basic block, which is counted with it.
 */
import { CONTEXT, CONTEXT_BASE } from "./context.ts";
import type { Decoded } from "./instruction.ts";
import { RETIRED } from "./retired-quantities.ts";
import { TRANSLATION } from "./translation-info.ts";
import { X87Emission } from "./x87-emission.ts";

const NOT_TAKEN = RETIRED.map((name) => (name === "notTaken" ? 1 : 0));

/** What instructions retire. iced-x86, which knows, is loaded only where somebody asks. */
function retiredBy(instructions: readonly Decoded[]): number[] {
  const retired: typeof import("./retired.ts") = require("./retired.ts");
  return retired.retiredBy(instructions);
}

/** An emission that counts retired quantities too, in front of each place where a task can stop. */
export class RetiredEmission extends X87Emission {
  /**
   * Counts what instructions retire, without touching the flags.
   *
   * @param pc App pc of what comes next, which is not among them unless it ends the basic block.
   * @param garbage Flags that hold garbage here.
   */
  protected retire(instructions: readonly Decoded[], pc: number, garbage = 0): void {
    if (!this.host.notes.retired) return;
    if (instructions.length > 0) this.#add(retiredBy(instructions), pc, garbage);
    this.fragment.counts ??= [];
    this.fragment.counts.push(this.asm.here, pc);
  }

  /** Counts a conditional branch that was not taken, behind it. */
  protected retireNotTaken(pc: number): void {
    if (!this.host.notes.retired) return;
    this.state = 0;
    this.#add(NOT_TAKEN, pc, 0);
  }

  #add(counts: readonly number[], pc: number, garbage: number): void {
    const { asm } = this;
    this.translates(pc, garbage);
    asm.storeRcx(CONTEXT_BASE + CONTEXT.tickRcx);
    this.translates(pc, garbage | TRANSLATION.tickRcx);
    for (const [index, count] of counts.entries()) {
      if (count === 0) continue;
      const address = CONTEXT_BASE + CONTEXT.retired + 8 * index;
      asm.loadRcx(address);
      asm.emit(0x48, 0x8d, 0x89); // lea rcx, [rcx + count]
      asm.u32(count);
      asm.storeRcx(address);
    }
    asm.loadRcx(CONTEXT_BASE + CONTEXT.tickRcx);
  }

  /** Whether the program traps in front of an instruction, so that what has retired must be counted by then. */
  protected tellsOf({ bytes, elidedPrefix }: Decoded): boolean {
    return this.edgeAt(bytes, elidedPrefix) !== undefined;
  }
}
