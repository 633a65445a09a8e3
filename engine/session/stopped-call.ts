/** A system call that a stopped task stands at, as the table of system calls looks at it. */

import { ARGUMENT_REGISTERS, argumentOf } from "../arch/x86_64/call-abi.ts";
import type { CallView } from "../kernel/mod.ts";
import type { Registers } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";

/** Number, arguments and memory of the call at which a stopped task stands. */
export class StoppedCall implements CallView {
  /** Result, once it has ended. */
  result = 0;

  /** @param registers The program's registers at the call. */
  constructor(
    readonly number: number,
    readonly registers: Registers,
    private readonly space: AddressSpace,
  ) {}

  argument(i: number): number {
    return Number(argumentOf(this.registers, i));
  }

  int(i: number): number {
    return Number(BigInt.asIntN(32, argumentOf(this.registers, i)));
  }

  /** All arguments. */
  get args(): number[] {
    return ARGUMENT_REGISTERS.map((_, i) => this.argument(i));
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
