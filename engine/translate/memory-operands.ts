/** Which memory an instruction reads and writes, by iced-x86: loaded where somebody asks alone. */
import {
  Decoder,
  DecoderOptions,
  InstructionInfoFactory,
  MemorySizeExt,
  Mnemonic,
  OpAccess,
  Register,
  RegisterExt,
} from "iced-x86";
import type { AddressRegisters } from "./effective-address.ts";

/** A piece of memory that an instruction uses. */
export interface MemoryOperand {
  address: number;
  length: number;
  isRead: boolean;
  isWrite: boolean;
  /** Nobody comes between its reading and its writing. */
  isAtomic: boolean;
}

const READS: readonly number[] = [
  OpAccess.Read,
  OpAccess.CondRead,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
];
const WRITES: readonly number[] = [
  OpAccess.Write,
  OpAccess.CondWrite,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
];

/** What iced gives for one operand; its declarations leave it open. */
interface UsedMemory {
  segment: Register;
  base: Register;
  index: Register;
  scale: number;
  displacement: bigint;
  memorySize: number;
  access: OpAccess;
  free(): void;
}

/** Tells of instructions, one after the other. */
export class MemoryOperands implements Disposable {
  readonly #factory = new InstructionInfoFactory();

  /**
   * The operands in memory of an instruction, its stack's too. Of vector registers as indexes nothing is known.
   *
   * @param bytes The instruction, and whatever is behind it.
   * @param registers In front of it.
   */
  of(bytes: Uint8Array, pc: number, registers: AddressRegisters): MemoryOperand[] {
    const decoder = new Decoder(64, bytes, DecoderOptions.None);
    decoder.ip = BigInt(pc);
    const instruction = decoder.decode();
    const info = this.#factory.info(instruction);
    // Exchanges with memory lock the bus unasked.
    const locks = instruction.hasLockPrefix || instruction.mnemonic === Mnemonic.Xchg;
    const found: MemoryOperand[] = [];
    for (const used of info.usedMemory() as UsedMemory[]) {
      const address = addressOf(used, registers);
      const length = MemorySizeExt.size(used.memorySize) || 8;
      const [isRead, isWrite] = [READS.includes(used.access), WRITES.includes(used.access)];
      const isAtomic = locks && isRead && isWrite;
      if (address !== undefined && (isRead || isWrite))
        found.push({ address, length, isRead, isWrite, isAtomic });
      used.free();
    }
    info.free();
    instruction.free();
    decoder.free();
    return found;
  }

  [Symbol.dispose](): void {
    this.#factory.free();
  }
}

function addressOf(
  { segment, base, index, scale, displacement }: UsedMemory,
  registers: AddressRegisters,
): number | undefined {
  const value = (register: Register): bigint | undefined => {
    if (register === Register.None || register === Register.RIP) return 0n;
    return RegisterExt.isGPR64(register) ? registers.general(RegisterExt.number(register)) : undefined;
  };
  const [from, times] = [value(base), value(index)];
  if (from === undefined || times === undefined) return undefined;
  const start = segment === Register.FS ? registers.fsBase : segment === Register.GS ? registers.gsBase : 0n;
  return Number(BigInt.asUintN(64, start + from + times * BigInt(scale) + displacement));
}
