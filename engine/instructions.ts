/**
 * Instructions whose results do not follow from a program's state, and the answers that a recording gives them.
 * Replay takes the answers from the trace.
 */
import { type CpuidResult, cpuid, rdrand, rdseed, rdtsc, rdtscp, xgetbv } from "../ffi/mod.ts";
import { REGISTER_NAMES, type Registers } from "./trace/events.ts";
import { EFLAGS } from "./tracee/registers.ts";
import type { Decoded } from "./translate/instruction.ts";

type Name = (typeof REGISTER_NAMES)[number];

/** Encoding order of the general registers (Intel SDM vol. 2, 2.1.5). */
const ENCODED: readonly Name[] = [
  "rax",
  "rcx",
  "rdx",
  "rbx",
  "rsp",
  "rbp",
  "rsi",
  "rdi",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
];
const index = (name: Name): number => REGISTER_NAMES.indexOf(name);
const RAX = index("rax");
const RBX = index("rbx");
const RCX = index("rcx");
const RDX = index("rdx");

const LOW = 0xffffffffn;
/** CF, PF, AF, ZF, SF, OF. */
const ARITHMETIC = 0x8d5n;
const CARRY = 1n;

/**
 * Feature bits that no program under the engine sees: transactions (always aborted), shadow stacks and branch
 * tracking (the code cache has none), protection keys (they would stop the engine), user-mode waiting.
 */
const HIDDEN_LEAF_7 = {
  ebx: (1 << 4) | (1 << 11), // HLE, RTM
  ecx: (1 << 3) | (1 << 4) | (1 << 5) | (1 << 7), // PKU, OSPKE, WAITPKG, CET_SS
  edx: (1 << 20) | (1 << 11) | (1 << 13), // CET_IBT, RTM_ALWAYS_ABORT, TSX_FORCE_ABORT
} as const;

const low = (value: bigint): number => Number(value & LOW);

function setPair(registers: Registers, value: bigint): void {
  registers[RAX] = value & LOW;
  registers[RDX] = value >> 32n;
}

/** What programs see of this processor: all but what is hidden. */
export function visibleCpuid(leaf: number, subleaf: number): CpuidResult {
  const [eax, ebx, ecx, edx] = cpuid(leaf, subleaf);
  if (leaf !== 7) return [eax, ebx, ecx, edx];
  const { ebx: b, ecx: c, edx: d } = HIDDEN_LEAF_7;
  return [eax, (ebx & ~b) >>> 0, (ecx & ~c) >>> 0, (edx & ~d) >>> 0];
}

/** Answers `cpuid` with eax and ecx as given. */
export type Cpuid = (leaf: number, subleaf: number) => CpuidResult;

function answerCpuid(registers: Registers, ask: Cpuid): void {
  const [eax, ebx, ecx, edx] = ask(low(registers[RAX]!), low(registers[RCX]!));
  registers[RAX] = BigInt(eax);
  registers[RBX] = BigInt(ebx);
  registers[RCX] = BigInt(ecx);
  registers[RDX] = BigInt(edx);
}

/** The register operand in ModRM.rm, and its width in bits. */
function operand(bytes: Uint8Array): { register: number; width: 16 | 32 | 64 } {
  let rex = 0;
  let narrow = false;
  for (let i = 0; bytes[i] !== 0x0f; i++) {
    if ((bytes[i]! & 0xf0) === 0x40) rex = bytes[i]!;
    else if (bytes[i] === 0x66) narrow = true;
  }
  const encoded = (bytes[bytes.length - 1]! & 7) | ((rex & 1) << 3);
  return { register: index(ENCODED[encoded]!), width: rex & 8 ? 64 : narrow ? 16 : 32 };
}

function answerRandom(registers: Registers, bytes: Uint8Array, source: () => bigint | undefined): void {
  const { register, width } = operand(bytes);
  const value = source();
  const random = BigInt.asUintN(width, value ?? 0n);
  registers[register] = width === 16 ? (registers[register]! & ~0xffffn) | random : random;
  registers[EFLAGS] = (registers[EFLAGS]! & ~ARITHMETIC) | (value === undefined ? 0n : CARRY);
}

/** Answers by mnemonic, in lower case. */
const ANSWERS: Record<string, (registers: Registers, bytes: Uint8Array, cpuid: Cpuid) => void> = {
  rdtsc: (registers) => setPair(registers, rdtsc()),
  rdtscp: (registers) => {
    const { tsc, aux } = rdtscp();
    setPair(registers, tsc);
    registers[RCX] = BigInt(aux);
  },
  rdpid: (registers, bytes) => {
    registers[operand(bytes).register] = BigInt(rdtscp().aux);
  },
  cpuid: (registers, _bytes, ask) => answerCpuid(registers, ask),
  xgetbv: (registers) => setPair(registers, xgetbv(low(registers[RCX]!))),
  rdrand: (registers, bytes) => answerRandom(registers, bytes, rdrand),
  rdseed: (registers, bytes) => answerRandom(registers, bytes, rdseed),
  // Hints to wait: they end at once, by no time-out.
  umwait: (registers) => {
    registers[EFLAGS] = registers[EFLAGS]! & ~ARITHMETIC;
  },
  tpause: (registers) => {
    registers[EFLAGS] = registers[EFLAGS]! & ~ARITHMETIC;
  },
};

/**
 * The registers after an emulated instruction.
 *
 * @param name Mnemonic in lower case.
 * @param bytes The instruction.
 * @param before Registers before it.
 * @param ask What `cpuid` answers.
 * @returns undefined for one that can't be emulated (sgdt and its kin).
 */
export function emulate(
  name: string,
  { bytes, length }: Pick<Decoded, "bytes" | "length">,
  before: Registers,
  ask: Cpuid = visibleCpuid,
): Registers | undefined {
  const answer = ANSWERS[name];
  if (!answer) return undefined;
  const after = before.slice();
  answer(after, bytes, ask);
  const rip = index("rip");
  after[rip] = before[rip]! + BigInt(length);
  return after;
}
