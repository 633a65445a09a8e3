/** Which instructions lock memory: those with the prefix, and exchanges with memory. Source: Intel SDM volume 2, LOCK and XCHG. */

const LOCK = 0xf0;
/** Legacy prefixes besides LOCK, and REX. */
const PREFIXES: ReadonlySet<number> = new Set([0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x66, 0x67]);
const REX = 0x40;
const REX_MASK = 0xf0;
/** xchg of bytes, and of words. */
const XCHG: readonly number[] = [0x86, 0x87];
/** Both operands are registers. */
const REGISTERS = 0xc0;

/** Whether an instruction's bytes are those of one that locks. */
export function isLocked(bytes: Uint8Array): boolean {
  for (const [index, byte] of bytes.entries()) {
    if (byte === LOCK) return true;
    if (PREFIXES.has(byte) || (byte & REX_MASK) === REX) continue;
    return XCHG.includes(byte) && ((bytes[index + 1] ?? REGISTERS) & REGISTERS) !== REGISTERS;
  }
  return false;
}
