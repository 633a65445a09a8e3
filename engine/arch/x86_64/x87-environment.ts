/**
 * What an fnstenv or fnsave of the program stores of the last x87 instruction. What the unit has said in front of it counts:
 * a stop may have made the processor forget it.
 */

import type { Task } from "../../tracee/task.ts";
import { isNarrowEnvironment } from "./instructions.ts";

/** Offsets in the environment (Intel SDM vol. 1, 8.1.10): of 32 bits, and of 16. */
const WIDE = { instruction: 12, selector: 16, opcode: 18, data: 20, dataSelector: 24 } as const;
const NARROW = { instruction: 6, selector: 8, data: 10, dataSelector: 12 } as const;

/** First opcodes of x87 instructions (Intel SDM vol. 2, A.5). */
const isX87 = (opcode: number | undefined): boolean => opcode !== undefined && (opcode & 0xf8) === 0xd8;
const isPrefix = (byte: number): boolean =>
  (byte & 0xe7) === 0x26 || (byte >= 0x64 && byte <= 0x67) || (byte & 0xf0) === 0x40;

/**
 * Completes the environment that the processor has stored for a stopped task.
 *
 * @param bytes The instruction.
 * @param said What the unit has said in front of it: an environment of 32 bits.
 * @param at Where it is stored.
 */
export function tellX87(task: Task, bytes: Uint8Array, said: DataView, at: number): void {
  const { memory } = task.space;
  const lower = placeInProgram(task, said.getUint32(WIDE.instruction, true));
  if (isNarrowEnvironment(bytes)) {
    const half = (offset: number, value: number): void => {
      memory.write(at + offset, new Uint8Array(new Uint16Array([value]).buffer));
    };
    half(NARROW.instruction, lower & 0xffff);
    half(NARROW.selector, said.getUint16(WIDE.selector, true));
    half(NARROW.data, said.getUint16(WIDE.data, true));
    half(NARROW.dataSelector, said.getUint16(WIDE.dataSelector, true));
    return;
  }
  said.setUint32(WIDE.instruction, lower, true);
  const all = new Uint8Array(said.buffer, said.byteOffset);
  memory.write(at + WIDE.instruction, all.slice(WIDE.instruction, WIDE.dataSelector + 2));
}

/** The lower half of the program's address of an instruction, of which the cache's is known as far. */
function placeInProgram(task: Task, lower: number): number {
  for (const pc of task.space.cacheSpace.cache.placesOfLower(lower)) {
    // An address of the program's own may look like one of the cache.
    const text = task.space.memory.read(pc, 1 + MAX_PREFIXES);
    if (isX87(text.find((byte) => !isPrefix(byte)))) return pc % 2 ** 32;
  }
  return lower;
}

/** More than any compiler puts in front of an instruction. */
const MAX_PREFIXES = 6;
