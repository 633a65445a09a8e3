/** Addresses of operands in memory (Intel SDM vol. 2, 2.1.5 and 2.2.1): what the tracer has to know of few instructions. */

/** Registers by their encoding, rax to r15, and the bases of fs and gs. */
export interface AddressRegisters {
  general(encoding: number): bigint;
  readonly fsBase: bigint;
  readonly gsBase: bigint;
}

const PREFIXES: readonly number[] = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];

/**
 * The address of the operand of an instruction `[prefixes] [0f] xx /r`, or undefined if that is a register.
 *
 * @param bytes The instruction.
 * @param next Address of the instruction behind it.
 */
export function effectiveAddress(
  bytes: Uint8Array,
  next: bigint,
  registers: AddressRegisters,
): bigint | undefined {
  let at = 0;
  let segment = 0n;
  let mask = 0xffffffffffffffffn;
  for (; PREFIXES.includes(bytes[at]!); at++) {
    if (bytes[at] === 0x64) segment = registers.fsBase;
    else if (bytes[at] === 0x65) segment = registers.gsBase;
    else if (bytes[at] === 0x67) mask = 0xffffffffn;
  }
  const rex = (bytes[at]! & 0xf0) === 0x40 ? bytes[at++]! : 0;
  at += bytes[at] === 0x0f ? 2 : 1;
  const modrm = bytes[at++]!;
  const mode = modrm >> 6;
  if (mode === 3) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let base = modrm & 7;
  let address = 0n;
  if (base === 4) {
    const sib = bytes[at++]!;
    const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (index !== 4) address += registers.general(index) << BigInt(sib >> 6);
    base = sib & 7;
    if (mode === 0 && base === 5) address += BigInt(view.getInt32(at, true));
    else address += registers.general(base | ((rex & 1) << 3));
  } else if (mode === 0 && base === 5) {
    address += next + BigInt(view.getInt32(at, true));
  } else {
    address += registers.general(base | ((rex & 1) << 3));
  }
  if (mode === 1) address += BigInt(view.getInt8(at));
  else if (mode === 2) address += BigInt(view.getInt32(at, true));
  return BigInt.asUintN(64, segment + (address & mask));
}
