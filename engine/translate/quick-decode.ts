/**
 * A decoder for the instructions that programs are mostly made of. It spares every start of the engine the
 * loading of a whole disassembler, and knows nothing but what translations need: length, kind, flags, and where a
 * RIP-relative displacement is. What it does not know it leaves to iced-x86 (`full-decode.ts`), with which it
 * agrees on every valid encoding that it accepts (`quick-decode.test.ts` compares them).
 *
 * Encodings of no instruction may pass as plain ones: the processor raises SIGILL for the copy as for the
 * original. Source: Intel SDM vol. 2, 2.1-2.7 (formats).
 */
import { type Decoded, Kind } from "./instruction.ts";
import {
  BMI,
  FAULTS,
  IMM8,
  IMM16,
  IMMV,
  IMMZ,
  LOCKABLE,
  MEMORY,
  MODRM,
  NO_ACCESS,
  NO_FLAGS,
  NO_OPERANDS,
  ONE_BYTE,
  REPEATABLE,
  SYSTEM,
  TELLS_X87,
  type Traits,
  TWO_BYTE,
  vectorTraits,
} from "./opcode-maps.ts";

/**
 * The instruction at `offset` of `text`, or undefined if it is none of those known here, or cut off.
 *
 * @param pc Its address in the program.
 */
export function quickDecode(text: Uint8Array, offset: number, pc: number): Decoded | undefined {
  let at = offset;
  let narrow = false;
  let repeat = 0;
  let lock = false;
  let opcode = text[at++]!;
  for (;;) {
    if (opcode === 0x66) narrow = true;
    else if (opcode === 0xf0) lock = true;
    else if (opcode === 0xf2 || opcode === 0xf3) {
      if (repeat !== 0) return undefined;
      repeat = opcode;
    } else if (opcode !== 0x2e && opcode !== 0x3e && opcode !== 0x64 && opcode !== 0x65) break;
    opcode = text[at++]!;
  }
  let rex = 0;
  if ((opcode & 0xf0) === 0x40) {
    rex = opcode;
    opcode = text[at++]!;
  }
  let found: Traits | undefined;
  if (opcode === 0x0f) {
    opcode = text[at++]!;
    if (repeat !== 0 && narrow) return undefined;
    if (opcode === 0x38 || opcode === 0x3a) {
      if (!narrow || repeat !== 0) return undefined;
      found = vectorTraits(opcode === 0x38 ? 2 : 3, text[at++]!);
    } else {
      const map =
        repeat === 0 ? (narrow ? TWO_BYTE.size : TWO_BYTE.none) : repeat === 0xf3 ? TWO_BYTE.f3 : TWO_BYTE.f2;
      found = map === TWO_BYTE.none && opcode === 0x01 ? SYSTEM.get(text[at]!) : map[opcode];
    }
  } else if (opcode === 0xc5 || opcode === 0xc4 || opcode === 0x62) {
    if (narrow || repeat !== 0 || lock || rex !== 0) return undefined;
    let map = 1;
    if (opcode === 0xc5) {
      at++;
    } else if (opcode === 0xc4) {
      map = text[at]! & 0x1f;
      at += 2;
    } else {
      // Reserved bits (Intel SDM vol. 2, 2.7.1).
      if ((text[at]! & 8) !== 0 || (text[at + 1]! & 4) === 0) return undefined;
      map = text[at]! & 7;
      at += 3;
    }
    const isVzero = opcode !== 0x62 && map === 1 && text[at] === 0x77;
    const prefix = text[at - 1]! & 3;
    const isBmi = opcode === 0xc4 && map === 2 && text[at]! >= 0xf2;
    opcode = text[at++]!;
    if (isVzero) found = NO_OPERANDS;
    else if (isBmi)
      found = prefix === 0 ? BMI[opcode] : opcode >= 0xf5 ? NO_FLAGS : undefined; // pext, mulx, shlx …
    else found = vectorTraits(map, opcode);
  } else {
    found = ONE_BYTE[opcode];
    if (repeat !== 0 && found && (repeat === 0xf2 || narrow || (found.operands & REPEATABLE) === 0))
      return undefined;
  }
  if (!found) return undefined;
  const modrm = text[at]!;
  if (found.group) {
    found = found.group[(modrm >> 3) & 7];
    if (!found) return undefined;
  }
  const { operands, kind } = found;
  if (narrow && kind !== Kind.Plain) return undefined;
  const inMemory = modrm < 0xc0;
  if (lock && !((operands & LOCKABLE) !== 0 && inMemory && repeat === 0)) return undefined;
  let displacement = 0;
  if ((operands & MODRM) !== 0) {
    if ((operands & MEMORY) !== 0 && !inMemory) return undefined;
    at++;
    const mode = modrm >> 6;
    if (inMemory) {
      let base = modrm & 7;
      const hasSib = base === 4;
      if (hasSib) base = text[at++]! & 7;
      if (mode === 1) at++;
      else if (mode === 2) at += 4;
      else if (base === 5) {
        if (!hasSib) displacement = at - offset;
        at += 4;
      }
    }
  }
  const wide = (rex & 8) !== 0;
  if ((operands & IMM8) !== 0) at++;
  else if ((operands & IMMZ) !== 0) at += narrow && !wide ? 2 : 4;
  else if ((operands & IMM16) !== 0) at += 2;
  else if ((operands & IMMV) !== 0) at += wide ? 8 : narrow ? 2 : 4;
  const length = at - offset;
  if (at > text.length || length > 15) return undefined;
  let target = 0;
  if (kind === Kind.Jcc || kind === Kind.Jmp || kind === Kind.Call || kind === Kind.Loop) {
    const relative =
      (operands & IMM8) !== 0
        ? (text[at - 1]! << 24) >> 24
        : text[at - 4]! | (text[at - 3]! << 8) | (text[at - 2]! << 16) | (text[at - 1]! << 24);
    target = pc + length + relative;
    if (target < 0) return undefined;
  }
  return {
    pc,
    length,
    kind,
    name: found.name,
    flagsRead: found.read,
    flagsWritten: found.written,
    mayFault:
      (operands & FAULTS) !== 0 || ((operands & MODRM) !== 0 && inMemory && (operands & NO_ACCESS) === 0),
    target,
    displacement,
    condition: kind === Kind.Jcc ? opcode & 15 : 0,
    tellsX87: (operands & TELLS_X87) !== 0 && inMemory,
    elidedPrefix: -1,
    bytes: text.subarray(offset, at),
  };
}
