/**
 * What is known of opcodes: their operands and flags, for `quick-decode.ts`. Source: Intel SDM vol. 2, appendix A
 * (opcode maps) and the flags of each instruction; where the manual says "undefined", a flag is not overwritten.
 */
import { ALL_FLAGS, CONDITION_FLAGS, FLAG, Kind } from "./instruction.ts";

/** What follows the opcode; immediates by their size. */
export const MODRM = 1;
export const IMM8 = 2;
/** 16 or 32 bits, by the operand size. */
export const IMMZ = 4;
export const IMM16 = 8;
/** 16, 32 or 64 bits. */
export const IMMV = 16;
/** May have a lock prefix, with an operand in memory. */
export const LOCKABLE = 32;
/** Only the form with an operand in memory is known here. */
export const MEMORY = 64;
/** May be repeated by 0xf3, which changes nothing that matters here. */
export const REPEATABLE = 128;
/** Touches no memory, whatever its operand looks like. */
export const NO_ACCESS = 256;
/** May fault without an operand in memory: the stack, divisions, exceptions of floating-point compares. */
export const FAULTS = 512;

/** Stores the address of the last x87 instruction, if its operand is in memory. */
export const TELLS_X87 = 1024;

/** What is known of an opcode. */
export interface Traits {
  operands: number;
  read: number;
  written: number;
  kind: Kind;
  name: string;
  /** By the middle three bits of the ModRM byte, in place of all the rest. */
  group: (Traits | undefined)[] | undefined;
}
/** By opcode. */
export type OpcodeMap = (Traits | undefined)[];

function traits(operands: number, read = 0, written = 0, kind = Kind.Plain, name = ""): Traits {
  return { operands, read, written, kind, name, group: undefined };
}

function group(...members: (Traits | undefined)[]): Traits {
  return { operands: MODRM, read: 0, written: 0, kind: Kind.Plain, name: "", group: members };
}

function put(map: OpcodeMap, first: number, last: number, entry: Traits): void {
  for (let opcode = first; opcode <= last; opcode++) map[opcode] = entry;
}

export const NO_FLAGS = traits(MODRM);
const NO_FLAGS_IMM8 = traits(MODRM | IMM8);
export const NO_OPERANDS = traits(0);
const SETS_ALL = traits(MODRM, 0, ALL_FLAGS);
const ADDRESS_ONLY = traits(MODRM | NO_ACCESS);
const COMPARES_FLOATS = traits(MODRM | FAULTS, 0, ALL_FLAGS);
const { CF, OF, ZF } = FLAG;
/** add, or, adc, sbb, and, sub, xor, cmp: adc and sbb read the carry. */
const ARITHMETIC = [0, 0, CF, CF, 0, 0, 0, 0];
const CMP = 7;

/** add … cmp with these operands; all but cmp can be locked where they write to memory. */
const arithmetic = (operands: number, lockable: number): Traits[] =>
  ARITHMETIC.map((read, i) => traits(operands | (i === CMP ? 0 : lockable), read, ALL_FLAGS));

/** rol, ror, rcl, rcr, shl, shr, sal, sar: a count of zero leaves the flags, so they never count as writers. */
const shifts = (operands: number): Traits =>
  group(...[0, 0, CF, CF, 0, 0, 0, 0].map((read) => traits(operands, read)));

function oneByteMap(): OpcodeMap {
  const map: OpcodeMap = [];
  const locked = arithmetic(MODRM, LOCKABLE);
  const unlocked = arithmetic(MODRM, 0);
  const imm8 = arithmetic(IMM8, 0);
  const immz = arithmetic(IMMZ, 0);
  for (let i = 0; i < 8; i++) {
    put(map, 8 * i, 8 * i + 1, locked[i]!);
    put(map, 8 * i + 2, 8 * i + 3, unlocked[i]!);
    map[8 * i + 4] = imm8[i];
    map[8 * i + 5] = immz[i];
  }
  put(map, 0x50, 0x5f, traits(FAULTS)); // push, pop
  map[0x63] = NO_FLAGS; // movsxd
  map[0x68] = traits(IMMZ | FAULTS); // push
  map[0x69] = traits(MODRM | IMMZ, 0, OF | CF); // imul
  map[0x6a] = traits(IMM8 | FAULTS);
  map[0x6b] = traits(MODRM | IMM8, 0, OF | CF);
  for (let i = 0; i < 16; i++) map[0x70 | i] = traits(IMM8, CONDITION_FLAGS[i >> 1], 0, Kind.Jcc);
  map[0x80] = group(...arithmetic(MODRM | IMM8, LOCKABLE));
  map[0x81] = group(...arithmetic(MODRM | IMMZ, LOCKABLE));
  map[0x83] = map[0x80];
  put(map, 0x84, 0x85, SETS_ALL); // test
  put(map, 0x86, 0x87, traits(MODRM | LOCKABLE)); // xchg
  put(map, 0x88, 0x8b, NO_FLAGS); // mov
  map[0x8d] = ADDRESS_ONLY; // lea
  map[0x90] = traits(REPEATABLE); // nop, pause
  put(map, 0x91, 0x99, NO_OPERANDS); // xchg, cbw, cwd
  put(map, 0xa4, 0xa5, traits(REPEATABLE | FAULTS)); // movs
  map[0xa8] = traits(IMM8, 0, ALL_FLAGS); // test
  map[0xa9] = traits(IMMZ, 0, ALL_FLAGS);
  put(map, 0xaa, 0xab, traits(REPEATABLE | FAULTS)); // stos
  put(map, 0xb0, 0xb7, traits(IMM8)); // mov
  put(map, 0xb8, 0xbf, traits(IMMV));
  put(map, 0xc0, 0xc1, shifts(MODRM | IMM8));
  map[0xc2] = traits(IMM16, 0, 0, Kind.Ret);
  map[0xc3] = traits(REPEATABLE, 0, 0, Kind.Ret);
  map[0xc6] = group(NO_FLAGS_IMM8); // mov
  map[0xc7] = group(traits(MODRM | IMMZ));
  map[0xc9] = traits(FAULTS); // leave
  map[0xcc] = traits(0, 0, 0, Kind.Breakpoint, "int3");
  put(map, 0xd0, 0xd3, shifts(MODRM));
  const x87 = traits(MODRM | MEMORY | FAULTS);
  put(map, 0xd8, 0xdf, x87);
  const environment = (name: string): Traits => traits(MODRM | MEMORY, 0, 0, Kind.Emulated, name);
  map[0xd9] = group(x87, x87, x87, x87, x87, x87, environment("fnstenv"), x87);
  map[0xdd] = group(x87, x87, x87, x87, x87, x87, environment("fnsave"), x87);
  put(map, 0xe0, 0xe1, traits(IMM8, ZF, 0, Kind.Loop));
  put(map, 0xe2, 0xe3, traits(IMM8, 0, 0, Kind.Loop));
  map[0xe8] = traits(IMMZ, 0, 0, Kind.Call);
  map[0xe9] = traits(IMMZ, 0, 0, Kind.Jmp);
  map[0xeb] = traits(IMM8, 0, 0, Kind.Jmp);
  map[0xf4] = traits(FAULTS); // hlt faults by itself
  const unary = (test: Traits): Traits => {
    const multiply = traits(MODRM, 0, OF | CF);
    const divide = traits(MODRM | FAULTS); // all flags undefined
    return group(
      test,
      test,
      traits(MODRM | LOCKABLE), // not
      traits(MODRM | LOCKABLE, 0, ALL_FLAGS), // neg
      multiply,
      multiply,
      divide,
      divide,
    );
  };
  map[0xf6] = unary(traits(MODRM | IMM8, 0, ALL_FLAGS));
  map[0xf7] = unary(traits(MODRM | IMMZ, 0, ALL_FLAGS));
  const step = traits(MODRM | LOCKABLE, 0, ALL_FLAGS & ~CF); // inc, dec
  map[0xfe] = group(step, step);
  map[0xff] = group(
    step,
    step,
    traits(MODRM, 0, 0, Kind.CallIndirect),
    undefined,
    traits(MODRM, 0, 0, Kind.JmpIndirect),
    undefined,
    traits(MODRM | FAULTS), // push
  );
  return map;
}

/** Two-byte opcodes that are the same without a prefix and, for 16-bit operands, with 0x66. */
function commonTwoByte(map: OpcodeMap): void {
  put(map, 0x18, 0x1f, ADDRESS_ONLY); // prefetch, hint nop
  for (let i = 0; i < 16; i++) {
    const read = CONDITION_FLAGS[i >> 1];
    map[0x40 | i] = traits(MODRM, read); // cmovcc
    map[0x90 | i] = traits(MODRM, read); // setcc
  }
  map[0xa3] = traits(MODRM, 0, CF); // bt, bts, btr, btc
  for (const opcode of [0xab, 0xb3, 0xbb]) map[opcode] = traits(MODRM | LOCKABLE, 0, CF);
  const bit = traits(MODRM | IMM8, 0, CF);
  const lockedBit = traits(MODRM | IMM8 | LOCKABLE, 0, CF);
  map[0xba] = group(undefined, undefined, undefined, undefined, bit, lockedBit, lockedBit, lockedBit);
  map[0xa4] = map[0xac] = NO_FLAGS_IMM8; // shld, shrd: as shifts
  map[0xa5] = map[0xad] = NO_FLAGS;
  map[0xaf] = traits(MODRM, 0, OF | CF); // imul
  put(map, 0xb0, 0xb1, traits(MODRM | LOCKABLE, 0, ALL_FLAGS)); // cmpxchg
  put(map, 0xb6, 0xb7, NO_FLAGS); // movzx
  put(map, 0xbc, 0xbd, traits(MODRM, 0, ZF)); // bsf, bsr
  put(map, 0xbe, 0xbf, NO_FLAGS); // movsx
  put(map, 0xc0, 0xc1, traits(MODRM | LOCKABLE, 0, ALL_FLAGS)); // xadd
}

/** SSE instructions that have the same opcodes with several prefixes and touch no flags. */
function commonVector(map: OpcodeMap): void {
  put(map, 0x10, 0x17, NO_FLAGS);
  put(map, 0x28, 0x2d, NO_FLAGS);
  put(map, 0x51, 0x6f, NO_FLAGS);
  put(map, 0x74, 0x76, NO_FLAGS);
  put(map, 0x7c, 0x7f, NO_FLAGS);
  map[0xc2] = NO_FLAGS_IMM8; // cmpps
  map[0xd0] = NO_FLAGS;
  put(map, 0xd6, 0xd7, NO_FLAGS);
}

function vectorIntegers(map: OpcodeMap): void {
  put(map, 0x70, 0x73, NO_FLAGS_IMM8); // pshuf, shifts by an immediate
  put(map, 0xc4, 0xc6, NO_FLAGS_IMM8);
  put(map, 0xd1, 0xfe, NO_FLAGS);
}

/** Opcodes behind 0x0f, by prefix: none, 0x66, 0xf3, 0xf2. */
function twoByteMaps(): Record<"none" | "size" | "f3" | "f2", OpcodeMap> {
  const [none, size, f3, f2]: [OpcodeMap, OpcodeMap, OpcodeMap, OpcodeMap] = [[], [], [], []];
  for (const map of [none, size, f3, f2]) commonVector(map);
  for (const map of [none, size]) {
    commonTwoByte(map);
    vectorIntegers(map);
    put(map, 0x2e, 0x2f, COMPARES_FLOATS); // ucomiss, comiss
    map[0x50] = NO_FLAGS;
  }
  none[0x05] = traits(0, ALL_FLAGS, ALL_FLAGS, Kind.Syscall);
  none[0x0b] = traits(FAULTS); // ud2 faults by itself
  none[0x31] = traits(0, 0, 0, Kind.Emulated, "rdtsc");
  none[0x77] = NO_OPERANDS; // emms
  for (let i = 0; i < 16; i++) none[0x80 | i] = traits(IMMZ, CONDITION_FLAGS[i >> 1], 0, Kind.Jcc);
  none[0xa2] = traits(0, 0, 0, Kind.Emulated, "cpuid");
  const state = traits(MODRM | MEMORY);
  const saved = traits(MODRM | MEMORY | TELLS_X87);
  // fxsave, fxrstor, ldmxcsr, stmxcsr, xsave; xrstor, xsaveopt, clflush or fences
  none[0xae] = group(saved, state, state, state, saved, NO_FLAGS, traits(MODRM | TELLS_X87), NO_FLAGS);
  none[0xc3] = NO_FLAGS; // movnti
  const wide = traits(MODRM | MEMORY | LOCKABLE, 0, ZF); // cmpxchg8b, cmpxchg16b
  none[0xc7] = group(undefined, wide, undefined, undefined, saved); // xsavec
  put(none, 0xc8, 0xcf, NO_OPERANDS); // bswap
  f3[0x1e] = NO_FLAGS; // endbr64
  f3[0x70] = f2[0x70] = NO_FLAGS_IMM8; // pshufhw, pshuflw
  f3[0xb8] = SETS_ALL; // popcnt
  put(f3, 0xbc, 0xbd, traits(MODRM, 0, CF | ZF)); // tzcnt, lzcnt
  f3[0xe6] = f2[0xe6] = f2[0xf0] = NO_FLAGS; // cvtdq2pd, cvtpd2dq, lddqu
  return { none, size, f3, f2 };
}

/** One-byte opcodes. */
export const ONE_BYTE = oneByteMap();
/** Opcodes behind 0x0f. */
export const TWO_BYTE = twoByteMaps();
/** Opcodes of the VEX map 2 without a prefix that set flags from general registers. */
export const BMI: OpcodeMap = [];
const bits = traits(MODRM, 0, ZF | FLAG.SF | OF | CF);
BMI[0xf2] = bits; // andn
BMI[0xf3] = group(undefined, bits, bits, bits); // blsr, blsmsk, blsi
BMI[0xf5] = bits; // bzhi
BMI[0xf7] = traits(MODRM, 0, ZF | OF | CF); // bextr
/** Instructions behind 0x0f 0x01, by their ModRM byte. */
export const SYSTEM = new Map([
  [0xd0, traits(MODRM, 0, 0, Kind.Emulated, "xgetbv")],
  [0xf9, traits(MODRM, 0, 0, Kind.Emulated, "rdtscp")],
]);

/**
 * What is known of an opcode of a vector map; none of these instructions reads flags, and few write them.
 *
 * @param map 1, 2 or 3: opcodes that are, or once were, behind 0x0f, 0x0f 0x38 and 0x0f 0x3a.
 */
export function vectorTraits(map: number, opcode: number): Traits | undefined {
  switch (map) {
    case 1:
      if (opcode >= 0x94 && opcode <= 0x97) return undefined;
      if (opcode === 0x2e || opcode === 0x2f) return COMPARES_FLOATS; // ucomis, comis
      if (opcode === 0x98 || opcode === 0x99) return SETS_ALL; // kortest, ktest
      return hasImmediate(opcode) ? NO_FLAGS_IMM8 : NO_FLAGS;
    case 2:
      if (opcode === 0x0e || opcode === 0x0f || opcode === 0x17) return SETS_ALL; // testps, testpd, ptest
      // AMX; invept and its kin; cmpccxadd; BMI
      if ((opcode >= 0x48 && opcode <= 0x4b) || (opcode >= 0x80 && opcode <= 0x82) || opcode >= 0xe0)
        return undefined;
      return NO_FLAGS;
    case 3:
      // pcmpestrm and its kin; rorx
      return (opcode >= 0x60 && opcode <= 0x63) || opcode >= 0xf0 ? undefined : NO_FLAGS_IMM8;
    default:
      return undefined;
  }
}

/** Opcodes of map 1 with an immediate byte: shuffles, shifts, compares, inserts. */
function hasImmediate(opcode: number): boolean {
  return (opcode >= 0x70 && opcode <= 0x73) || opcode === 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);
}
