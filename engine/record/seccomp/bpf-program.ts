/**
 * Programs of classic BPF that filter system calls: their instructions, and which of them the kernel takes.
 *
 * Sources: linux/filter.h and linux/bpf_common.h; bpf_check_classic, check_load_and_stores and bpf_convert_filter of
 * net/core/filter.c, seccomp_check_filter of kernel/seccomp.c, Linux 6.18.
 */

/** struct sock_filter: a code, where true and false lead to (counted from the next instruction), and a constant. */
export interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly constant: number;
}

/** Bytes of struct sock_filter. */
export const INSTRUCTION_BYTES = 8;
/** Most instructions of a program (BPF_MAXINSNS). */
export const MOST_INSTRUCTIONS = 4096;
/** Words of memory that a program has (BPF_MEMWORDS). */
export const MEMORY_WORDS = 16;
/** Bytes of struct seccomp_data, which is all that a program may look at. */
export const DATA_BYTES = 64;

/** Codes: class, size or operation, and where the operand comes from. A is the accumulator, X the index register, K the constant. */
export const CODE = {
  loadWord: 0x20,
  loadLength: 0x80,
  loadConstant: 0x00,
  loadMemory: 0x60,
  loadLengthX: 0x81,
  loadConstantX: 0x01,
  loadMemoryX: 0x61,
  store: 0x02,
  storeX: 0x03,
  negate: 0x84,
  jump: 0x05,
  returnConstant: 0x06,
  returnA: 0x16,
  toX: 0x07,
  toA: 0x87,
} as const;

/** BPF_ALU and BPF_JMP, the classes whose codes have an operation and an operand in them. */
export const CLASS = { mask: 0x07, arithmetic: 0x04, jump: 0x05 } as const;
/** The bit of these codes that says that the operand is X, not K. */
export const OPERAND_X = 0x08;
/** Operations of BPF_ALU that filters may use: all but the remainder. */
export const ARITHMETIC = {
  add: 0x00,
  subtract: 0x10,
  multiply: 0x20,
  divide: 0x30,
  or: 0x40,
  and: 0x50,
  shiftLeft: 0x60,
  shiftRight: 0x70,
  xor: 0xa0,
} as const;
/** Operations of BPF_JMP that depend on a comparison. */
export const COMPARISON = { equal: 0x10, greater: 0x20, greaterOrEqual: 0x30, anyBit: 0x40 } as const;

const withBothOperands = (kind: number, operations: Readonly<Record<string, number>>): number[] =>
  Object.values(operations).flatMap((operation) => [kind | operation, kind | operation | OPERAND_X]);

const COMPARISONS: ReadonlySet<number> = new Set(withBothOperands(CLASS.jump, COMPARISON));
const ALLOWED: ReadonlySet<number> = new Set([
  ...Object.values(CODE),
  ...withBothOperands(CLASS.arithmetic, ARITHMETIC),
  ...COMPARISONS,
]);

/** The instructions in an array of struct sock_filter. */
export function decodeProgram(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / INSTRUCTION_BYTES) }, (_, i) => {
    const at = i * INSTRUCTION_BYTES;
    return {
      code: view.getUint16(at, true),
      ifTrue: view.getUint8(at + 2),
      ifFalse: view.getUint8(at + 3),
      constant: view.getUint32(at + 4, true),
    };
  });
}

/** Whether the kernel takes a program as a filter of system calls; else it says EINVAL. */
export function isFilter(program: readonly Instruction[]): boolean {
  if (program.length === 0 || program.length > MOST_INSTRUCTIONS) return false;
  const last = program[program.length - 1]?.code;
  if (last !== CODE.returnConstant && last !== CODE.returnA) return false;
  return (
    program.every((instruction, at) => isAllowed(instruction, program.length - at - 1)) &&
    readsWhatIsStored(program)
  );
}

/** @param left How many instructions come behind it. */
function isAllowed({ code, ifTrue, ifFalse, constant }: Instruction, left: number): boolean {
  if (!ALLOWED.has(code)) return false;
  switch (code) {
    case CODE.loadWord:
      return constant < DATA_BYTES && constant % 4 === 0;
    case CODE.loadMemory:
    case CODE.loadMemoryX:
    case CODE.store:
    case CODE.storeX:
      return constant < MEMORY_WORDS;
    case CLASS.arithmetic | ARITHMETIC.divide:
      return constant !== 0;
    case CLASS.arithmetic | ARITHMETIC.shiftLeft:
    case CLASS.arithmetic | ARITHMETIC.shiftRight:
      return constant < 32;
    case CODE.jump:
      return constant < left;
    default:
      return !COMPARISONS.has(code) || (ifTrue < left && ifFalse < left);
  }
}

/** Whether no word of memory is read on any way that does not store it before. All jumps lead forward. */
function readsWhatIsStored(program: readonly Instruction[]): boolean {
  const all = 2 ** MEMORY_WORDS - 1;
  const storedBefore = new Uint16Array(program.length).fill(all);
  let stored = 0;
  for (const [at, { code, constant, ifTrue, ifFalse }] of program.entries()) {
    stored &= storedBefore[at]!;
    if (code === CODE.store || code === CODE.storeX) stored |= 1 << constant;
    else if (code === CODE.loadMemory || code === CODE.loadMemoryX) {
      if ((stored & (1 << constant)) === 0) return false;
    } else if (code === CODE.jump || COMPARISONS.has(code)) {
      for (const jump of code === CODE.jump ? [constant] : [ifTrue, ifFalse]) {
        storedBefore[at + 1 + jump]! &= stored;
      }
      stored = all;
    }
  }
  return true;
}

/** How long the kernel's own form of a program is (bpf_convert_filter): what it counts for the longest path of filters. */
export function convertedLength(program: readonly Instruction[]): number {
  const PROLOGUE = 3;
  return program.reduce((sum, instruction) => sum + converted(instruction), PROLOGUE);
}

function converted({ code, ifTrue, ifFalse, constant }: Instruction): number {
  if (code === CODE.returnConstant) return 2;
  // Division by 0 is asked for first.
  if (code === (CLASS.arithmetic | ARITHMETIC.divide | OPERAND_X)) return 5;
  if (!COMPARISONS.has(code)) return 1;
  const widened = (code & OPERAND_X) === 0 && constant >= 2 ** 31 ? 1 : 0;
  const hasOpposite =
    code !== (CLASS.jump | COMPARISON.anyBit) && code !== (CLASS.jump | COMPARISON.anyBit | OPERAND_X);
  return widened + (ifFalse === 0 || (ifTrue === 0 && hasOpposite) ? 1 : 2);
}
