/**
 * Instructions whose results do not follow from a program's state, and the answers that a recording gives them.
 * Replay takes the answers from the trace.
 */
import { cpuid, rdtsc, xgetbv } from "../../../ffi/mod.ts";
import { invariant } from "../../engine-error.ts";
import { type AddressRegisters, effectiveAddress } from "../../translate/effective-address.ts";
import { RAX, RBX, RCX, RDX, REGISTER_NAMES, type Registers, RIP, RSP } from "./registers.ts";
import { type AskProcessor, askProcessor, TILE_STATE } from "./visible-cpuid.ts";

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

const LOW = 0xffffffffn;
/** Bit of restricted transactions in ebx of leaf 7 (Intel SDM vol. 2, CPUID). */
const RTM = 1 << 11;

const low = (value: bigint): number => Number(value & LOW);

function setPair(registers: Registers, value: bigint): void {
  registers[RAX] = value & LOW;
  registers[RDX] = value >> 32n;
}

/** Whether the processor is one of AMD's or of its licensees, by the vendor in leaf 0 ("Auth", "Hygo"). */
export function isAmd(): boolean {
  const [, ebx] = cpuid(0);
  return ebx === 0x68747541 || ebx === 0x6f677948;
}

function answerCpuid(registers: Registers, ask: AskProcessor): void {
  const [eax, ebx, ecx, edx] = ask(low(registers[RAX]!), low(registers[RCX]!));
  registers[RAX] = BigInt(eax);
  registers[RBX] = BigInt(ebx);
  registers[RCX] = BigInt(ecx);
  registers[RDX] = BigInt(edx);
}

/** xbegin: aborts at once with status 0, "no retry" (Intel SDM vol. 1, 16.3.5); the flags stay. */
function abort(registers: Registers, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [size, distance] =
    bytes[0] === 0x66
      ? [2, view.getInt16(bytes.length - 2, true)]
      : [4, view.getInt32(bytes.length - 4, true)];
  invariant(bytes.length >= size + 2, "an xbegin without a target");
  registers[RAX] = 0n;
  registers[RIP] = BigInt.asUintN(64, registers[RIP]! + BigInt(distance));
}

/** Whether this processor has tiles (AMX-TILE), so that XCR0 may say so. */
function hasTiles(): boolean {
  return (cpuid(7)[3] & (1 << 24)) !== 0;
}

/** Answers by mnemonic, in lower case; `rip` is behind the instruction already. */
const ANSWERS: Record<string, (registers: Registers, bytes: Uint8Array, cpuid: AskProcessor) => void> = {
  rdtsc: (registers) => setPair(registers, rdtsc()),
  cpuid: (registers, _bytes, ask) => answerCpuid(registers, ask),
  xgetbv: (registers) => setPair(registers, xgetbv(0) & ~BigInt(TILE_STATE)),
  xbegin: abort,
};

/** Whether an instruction is answered here; else the processor executes it, in the tracee. */
function isAnswered(name: string, before: Registers, ask: AskProcessor): boolean {
  // XCR0 tells of tiles, which are hidden; nothing else of it is.
  if (name === "xgetbv") return low(before[RCX]!) === 0 && hasTiles();
  // Where there are no transactions, xbegin is no instruction.
  return name === "xbegin" ? (cpuid(7)[1] & RTM) !== 0 || (ask(7, 0)[1] & RTM) !== 0 : name in ANSWERS;
}

/**
 * The registers after an emulated instruction.
 *
 * @param name Mnemonic in lower case.
 * @param bytes The instruction.
 * @param before Registers before it.
 * @param ask What `cpuid` answers.
 * @returns undefined for one that the processor has to execute in the tracee.
 */
export function emulate(
  name: string,
  bytes: Uint8Array,
  before: Registers,
  ask: AskProcessor = askProcessor,
): Registers | undefined {
  if (!isAnswered(name, before, ask)) return undefined;
  const after = before.slice();
  after[RIP] = before[RIP]! + BigInt(bytes.length);
  ANSWERS[name]!(after, bytes, ask);
  return after;
}

/** Bytes that fnstenv and fnsave write, the shorter ones for operands of 16 bits (Intel SDM vol. 1, 8.1.10 and 8.1.11). */
const X87_WRITTEN: Readonly<Record<string, { wide: number; narrow: number }>> = {
  fnstenv: { wide: 28, narrow: 14 },
  fnsave: { wide: 108, narrow: 94 },
};

/** Whether an x87 environment is stored in its form of 16 bits. */
export function isNarrowEnvironment(bytes: Uint8Array): boolean {
  return bytes
    .subarray(
      0,
      bytes.findIndex((byte) => byte === 0xd9 || byte === 0xdd),
    )
    .includes(0x66);
}

/** Bytes of the tables' addresses that sgdt and sidt write, and of the selectors of the others (Intel SDM vol. 2). */
const WRITTEN: Readonly<Record<string, number>> = { sgdt: 10, sidt: 10, sldt: 2, str: 2, smsw: 2 };

/**
 * The memory that an instruction has written which the processor has executed in the tracee.
 *
 * @param before Registers before it.
 * @param after Registers after it.
 */
export function writtenBy(
  name: string,
  bytes: Uint8Array,
  before: Registers,
  after: Registers,
): { address: bigint; length: number } | undefined {
  const pushed = Number(BigInt.asIntN(64, before[RSP]! - after[RSP]!));
  if (name === "call" || name === "branch") {
    return pushed > 0 && pushed <= 16 ? { address: after[RSP]!, length: pushed } : undefined;
  }
  const x87 = X87_WRITTEN[name];
  const length = x87 ? (isNarrowEnvironment(bytes) ? x87.narrow : x87.wide) : WRITTEN[name];
  const address =
    length === undefined
      ? undefined
      : effectiveAddress(bytes, before[RIP]! + BigInt(bytes.length), addressRegisters(before));
  return length === undefined || address === undefined ? undefined : { address, length };
}

/** Registers as operands in memory name them. */
export function addressRegisters(registers: Registers): AddressRegisters {
  return {
    general: (encoding) => registers[index(ENCODED[encoding]!)]!,
    fsBase: registers[index("fs_base")]!,
    gsBase: registers[index("gs_base")]!,
  };
}
