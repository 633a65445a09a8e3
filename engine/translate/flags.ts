/**
 * Liveness of the arithmetic flags in a basic block: where a tick may be counted by `dec`, which destroys all flags
 * but CF, without the program noticing.
 */
import { ALL_FLAGS, type Decoded, FLAG } from "./instruction.ts";

/**
 * The last place in `block` before which no flag but CF is live. An instruction that may fault reads all of them: the
 * handler of its signal finds them in the frame.
 *
 * Nothing is assumed of the code behind the basic block: all flags are live at its end. The answer depends on the
 * program's text and the basic block's start alone, never on what was translated before: recording and replay must
 * stop at the same pc for the same tick.
 *
 * @param block Instructions in program order, the last one being the branch to count.
 * @returns The index of the instruction to put the count before, or -1 if there is none.
 */
export function deadFlagsIndex(block: readonly Decoded[]): number {
  let live = ALL_FLAGS;
  for (let i = block.length - 1; i >= 0; i--) {
    const instruction = block[i]!;
    if (instruction.mayFault) live = ALL_FLAGS;
    else live = (live & ~instruction.flagsWritten) | instruction.flagsRead;
    if ((live & ~FLAG.CF) === 0) return i;
  }
  return -1;
}
