/**
 * Runs filters of system calls as the kernel does (bpf_convert_filter of net/core/filter.c and ___bpf_prog_run of
 * kernel/bpf/core.c, Linux 6.18): 32-bit registers, and a division by 0 that ends the program with 0.
 */
import {
  ARITHMETIC,
  CLASS,
  CODE,
  COMPARISON,
  DATA_BYTES,
  type Instruction,
  MEMORY_WORDS,
  OPERAND_X,
} from "./bpf-program.ts";

/** What a program looks at is known up to some word only, and it has asked for more. */
export const UNKNOWN = "unknown";

const memory = new Uint32Array(MEMORY_WORDS);

/**
 * The verdict of a program that {@link isFilter} has passed.
 *
 * @param data struct seccomp_data as words, or the beginning of it.
 * @returns {@link UNKNOWN} if it reads behind what is given.
 */
export function runFilter(program: readonly Instruction[], data: Uint32Array): number | typeof UNKNOWN {
  let [a, x] = [0, 0];
  for (let at = 0; ; at++) {
    const { code, ifTrue, ifFalse, constant } = program[at]!;
    switch (code) {
      case CODE.loadWord: {
        const word = data[constant / 4];
        if (word === undefined) return UNKNOWN;
        a = word;
        continue;
      }
      case CODE.loadConstant:
        a = constant;
        continue;
      case CODE.loadConstantX:
        x = constant;
        continue;
      case CODE.loadLength:
        a = DATA_BYTES;
        continue;
      case CODE.loadLengthX:
        x = DATA_BYTES;
        continue;
      case CODE.loadMemory:
        a = memory[constant]!;
        continue;
      case CODE.loadMemoryX:
        x = memory[constant]!;
        continue;
      case CODE.store:
        memory[constant] = a;
        continue;
      case CODE.storeX:
        memory[constant] = x;
        continue;
      case CODE.toX:
        x = a;
        continue;
      case CODE.toA:
        a = x;
        continue;
      case CODE.negate:
        a = -a >>> 0;
        continue;
      case CODE.returnConstant:
        return constant;
      case CODE.returnA:
        return a;
      case CODE.jump:
        at += constant;
        continue;
    }
    const operand = (code & OPERAND_X) === 0 ? constant : x;
    const operation = code & ~(CLASS.mask | OPERAND_X);
    if ((code & CLASS.mask) === CLASS.jump) {
      at += compares(operation, a, operand) ? ifTrue : ifFalse;
      continue;
    }
    if (operation === ARITHMETIC.divide && operand === 0) return 0;
    a = calculate(operation, a, operand);
  }
}

function compares(operation: number, a: number, operand: number): boolean {
  switch (operation) {
    case COMPARISON.equal:
      return a === operand;
    case COMPARISON.greater:
      return a > operand;
    case COMPARISON.greaterOrEqual:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}

/** Shifts take the low five bits of the operand, as the processor's do. */
function calculate(operation: number, a: number, operand: number): number {
  switch (operation) {
    case ARITHMETIC.add:
      return (a + operand) >>> 0;
    case ARITHMETIC.subtract:
      return (a - operand) >>> 0;
    case ARITHMETIC.multiply:
      return Math.imul(a, operand) >>> 0;
    case ARITHMETIC.divide:
      return Math.floor(a / operand);
    case ARITHMETIC.or:
      return (a | operand) >>> 0;
    case ARITHMETIC.and:
      return (a & operand) >>> 0;
    case ARITHMETIC.shiftLeft:
      return (a << operand) >>> 0;
    case ARITHMETIC.shiftRight:
      return a >>> operand;
    default:
      return (a ^ operand) >>> 0;
  }
}
