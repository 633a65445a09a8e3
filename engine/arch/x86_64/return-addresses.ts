/** Return addresses on a stack, found without unwinding: words that point behind a call instruction. */

/** How much of a stack is worth to be looked at. */
export const STACK_BYTES = 8192;
/** How many are found at most. */
const MOST = 32;
/** The longest call instruction without prefixes: ff /2 with SIB and disp32 (Intel SDM vol. 2, CALL). */
const LONGEST_CALL = 7;

/** A program's text. */
export interface ProgramText {
  executable(address: number): boolean;
  /** Fewer bytes than asked for where they can't be read. */
  read(address: number, length: number): Uint8Array;
}

/**
 * Finds return addresses.
 *
 * @param stack Bytes from the stack pointer on.
 * @param text What they may point to.
 * @returns Nearest first; what an earlier call has left there and nothing has overwritten is among them.
 */
export function returnAddresses(stack: Uint8Array, text: ProgramText): number[] {
  const words = new DataView(stack.buffer, stack.byteOffset, stack.length - (stack.length % 8));
  const found: number[] = [];
  for (let at = 0; at < words.byteLength && found.length < MOST; at += 8) {
    const address = Number(words.getBigUint64(at, true));
    if (!text.executable(address)) continue;
    if (followsCall(text.read(address - LONGEST_CALL, LONGEST_CALL))) found.push(address);
  }
  return found;
}

/**
 * Whether bytes end with a call instruction.
 *
 * @param bytes The 7 bytes before a possible return address.
 */
export function followsCall(bytes: Uint8Array): boolean {
  if (bytes.length < LONGEST_CALL) return false;
  // call rel32
  if (bytes[LONGEST_CALL - 5] === 0xe8) return true;
  for (let length = 2; length <= LONGEST_CALL; length++) {
    const [opcode, modrm] = bytes.subarray(LONGEST_CALL - length);
    if (
      opcode === 0xff &&
      modrm !== undefined &&
      ((modrm >> 3) & 7) === 2 &&
      length === 1 + operandBytes(modrm)
    )
      return true;
  }
  return false;
}

/** Bytes of ModRM, SIB and displacement (Intel SDM vol. 2, table 2-2); a SIB without base is not told apart. */
function operandBytes(modrm: number): number {
  const [mode, rm] = [modrm >> 6, modrm & 7];
  if (mode === 3) return 1;
  const sib = rm === 4 ? 1 : 0;
  const displacement = mode === 1 ? 1 : mode === 2 || rm === 5 ? 4 : 0;
  return 1 + sib + displacement;
}
