/** Filters of system calls that nobody has thought of: some that the kernel must refuse, and some that calculate. */
import {
  ARITHMETIC,
  CLASS,
  CODE,
  COMPARISON,
  DATA_BYTES,
  type Instruction,
  MEMORY_WORDS,
  OPERAND_X,
} from "../../engine/record/seccomp/bpf-program.ts";
import { ACTION } from "../../engine/record/seccomp/filter-chain.ts";
import type { Random } from "../differential/_random.ts";

/** A filter, and a call to be made under it. */
export interface FilterCase {
  readonly program: readonly Instruction[];
  readonly args: readonly bigint[];
  /** Whether the call is made: else it is only asked whether the filter is one. */
  readonly runs: boolean;
}

/** The number that all calls have: none that there is. */
export const NO_CALL = 999;
/** As many bits of an error are told. */
const ERROR_BITS = 12;

const instruction = (code: number, constant = 0, ifTrue = 0, ifFalse = 0): Instruction => ({
  code,
  ifTrue,
  ifFalse,
  constant,
});

const word = (random: Random): number => random.below(2 ** 32);

/** A number that is small, large, or near a border. */
function constant(random: Random): number {
  const kinds = [
    () => random.below(33),
    () => word(random),
    () => 2 ** random.below(32),
    () => 0xffff_ffff - random.below(3),
  ];
  return random.of(kinds)() >>> 0;
}

const ENDINGS: ReadonlySet<number> = new Set([CODE.returnConstant, CODE.returnA, CODE.jump]);

/** An instruction of any kind. @param left How many come behind it. */
function anyInstruction(random: Random, left: number): Instruction {
  const operand = random.of([0, OPERAND_X]);
  const jump = () => random.below(Math.min(left, 255) + 1);
  return random.of([
    () => instruction(CLASS.arithmetic | random.of(Object.values(ARITHMETIC)) | operand, constant(random)),
    () =>
      instruction(
        CLASS.jump | random.of(Object.values(COMPARISON)) | operand,
        constant(random),
        jump(),
        jump(),
      ),
    () => instruction(CODE.loadWord, 4 * random.below(DATA_BYTES / 4)),
    () => instruction(random.of(Object.values(CODE)), random.below(MEMORY_WORDS)),
    () =>
      instruction(
        random.of([CODE.store, CODE.storeX, CODE.loadMemory, CODE.loadMemoryX]),
        random.below(MEMORY_WORDS),
      ),
  ])();
}

/** A few instructions, one of which may be no instruction, or at a wrong place. */
function doubtful(random: Random): Instruction[] {
  const length = 1 + random.below(12);
  const program = Array.from({ length }, (_, at) => anyInstruction(random, length - at - 1));
  if (random.below(4) !== 0)
    program[length - 1] = instruction(random.of([CODE.returnConstant, CODE.returnA]));
  if (random.below(3) === 0)
    program[random.below(length)] = instruction(
      word(random) & 0xff,
      constant(random),
      random.below(8),
      random.below(8),
    );
  return program;
}

/**
 * A program that calculates, and tells some bits of what it has come to as an error. It stores all of its memory first, and
 * lets other calls pass.
 */
function calculating(random: Random): Instruction[] {
  const body: Instruction[] = [];
  const length = 1 + random.below(40);
  while (body.length < length) {
    const next = anyInstruction(random, length - body.length - 1);
    const { code } = next;
    const isPlain = !ENDINGS.has(code) && (code !== CODE.loadWord || next.constant % 4 === 0);
    const ofConstant = (operation: number): boolean => code === (CLASS.arithmetic | operation);
    const isShift = ofConstant(ARITHMETIC.shiftLeft) || ofConstant(ARITHMETIC.shiftRight);
    if (!isPlain || (isShift && next.constant > 31) || (ofConstant(ARITHMETIC.divide) && next.constant === 0))
      continue;
    body.push(next);
  }
  return [
    instruction(CODE.loadWord),
    instruction(CLASS.jump | COMPARISON.equal, NO_CALL, 1, 0),
    instruction(CODE.returnConstant, ACTION.allow),
    instruction(CODE.loadConstant, word(random)),
    ...Array.from({ length: MEMORY_WORDS }, (_, at) => instruction(CODE.store, at)),
    ...body,
    instruction(CLASS.arithmetic | ARITHMETIC.shiftRight, ERROR_BITS * random.below(3)),
    instruction(CLASS.arithmetic | ARITHMETIC.and, 2 ** ERROR_BITS - 1),
    instruction(CLASS.arithmetic | ARITHMETIC.or, ACTION.errno),
    instruction(CODE.returnA),
  ];
}

/** A case; which one follows from the numbers alone. */
export function filterCase(random: Random): FilterCase {
  const runs = random.below(2) === 0;
  const args = Array.from({ length: 6 }, () => (BigInt(word(random)) << 32n) | BigInt(word(random)));
  return { program: runs ? calculating(random) : doubtful(random), args, runs };
}
