/** A system call that is being recorded, from its entry to its end. */
import type { CallView, SyscallSpec } from "../kernel/mod.ts";
import type { Registers } from "../trace/events.ts";
import { REGISTER_NAMES } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";

const ARGUMENTS = (["rdi", "rsi", "rdx", "r10", "r8", "r9"] as const).map((name) =>
  REGISTER_NAMES.indexOf(name),
);

/** See the file's head. */
export class Call implements CallView {
  /** Result, once it has ended. */
  result = 0;
  /** The kernel broke it off for a signal and may restart it. */
  restarting = false;
  /** It is an execve that has succeeded. */
  replaced = false;
  /** Argument registers that the recorder changed for the kernel's eyes, and what the program had there. */
  readonly changed: { register: "rdi" | "rsi" | "rdx" | "r10" | "r8" | "r9"; value: bigint }[] = [];

  /**
   * @param spec Undefined for a number that this engine does not know.
   * @param pc App pc of the `syscall` instruction; `next` is the one behind it.
   * @param registers The program's registers at it.
   */
  constructor(
    readonly number: number,
    readonly spec: SyscallSpec | undefined,
    readonly pc: number,
    readonly next: number,
    readonly registers: Registers,
    private readonly space: AddressSpace,
  ) {}

  argument(i: number): number {
    return Number(this.registers[ARGUMENTS[i]!]!);
  }

  int(i: number): number {
    return Number(BigInt.asIntN(32, this.registers[ARGUMENTS[i]!]!));
  }

  /** All arguments. */
  get args(): number[] {
    return ARGUMENTS.map((_, i) => this.argument(i));
  }

  u32(address: number): number {
    const bytes = this.space.memory.read(address, 4);
    return bytes.length === 4
      ? (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0
      : 0;
  }

  u64(address: number): number {
    return Number(this.space.memory.readU64(address) ?? 0n);
  }

  string(address: number, limit = 4096): string {
    const bytes = this.space.memory.read(address, limit);
    const end = bytes.indexOf(0);
    return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString();
  }
}
