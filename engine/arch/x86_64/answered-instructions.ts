/** Instructions that are answered in the tracee, as records of calls have them (`trace/call-records.ts`). */
import { RAX, RBX, RCX, RDX, type Registers, RIP } from "./registers.ts";

/** An instruction that a stub answers. */
export interface AnsweredInstruction {
  readonly name: string;
  /** Bytes that it has. */
  readonly length: bigint;
  readonly reads: readonly number[];
  /** Registers that it writes, beside the one with the result. */
  readonly writes: readonly number[];
}

/** By what stands in the place of the number of a system call. */
export const ANSWERED: ReadonlyMap<number, AnsweredInstruction> = new Map([
  [0xffff, { name: "cpuid", length: 2n, reads: [RAX, RCX], writes: [RBX, RCX, RDX] }],
  [0xfffe, { name: "rdtsc", length: 2n, reads: [], writes: [RDX] }],
]);

/**
 * Fills in the registers at an instruction, and those behind it.
 *
 * @param registers What is known of others; those at the instruction afterwards.
 * @param values Of the registers that it reads, and then of those that it writes.
 * @param pc App pc behind it.
 * @returns The registers behind it.
 */
export function answeredRegisters(
  { length, reads, writes }: AnsweredInstruction,
  registers: Registers,
  { args, result, pc }: { args: readonly bigint[]; result: bigint; pc: bigint },
): Registers {
  registers[RIP] = pc - length;
  reads.forEach((register, i) => {
    registers[register] = args[i]!;
  });
  const after = registers.slice();
  after[RAX] = BigInt.asUintN(64, result);
  after[RIP] = pc;
  writes.forEach((register, i) => {
    after[register] = args[reads.length + i]!;
  });
  return after;
}

/** What a `cpuid` was asked and has answered, in 32 bits each. */
export type ProcessorAnswer = readonly [
  leaf: number,
  subleaf: number,
  eax: number,
  ebx: number,
  ecx: number,
  edx: number,
];

/** What a `cpuid` was asked (eax, ecx), and has answered (eax, ebx, ecx, edx). */
export function cpuidAnswer(before: Registers, after: Registers): ProcessorAnswer {
  const word = (registers: Registers, index: number): number => Number(registers[index]! & 0xffff_ffffn);
  return [
    word(before, RAX),
    word(before, RCX),
    word(after, RAX),
    word(after, RBX),
    word(after, RCX),
    word(after, RDX),
  ];
}
