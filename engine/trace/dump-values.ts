/** What the text and the JSON of an event have in common: registers, arguments, error names, statuses. */

import { errnoInfo, signalName } from "../../ffi/mod.ts";
import { ARGUMENT_REGISTERS, argumentOf } from "../arch/x86_64/call-abi.ts";
import type { Registers } from "./events.ts";
import { syscallArity } from "./syscall-arity.ts";

/** Results from here to -1 are errors. */
const LAST_ERRNO = -4095n;

/** A value in hexadecimal. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** The arguments of a system call in hexadecimal, as many as the call has. */
export function syscallArguments(number: number, registers: Registers): string[] {
  return ARGUMENT_REGISTERS.slice(0, syscallArity(number)).map((_, i) => hex(argumentOf(registers, i)));
}

/** Name of the error that a result stands for, if it stands for one. */
export function errorName(result: bigint): string | undefined {
  return result < 0n && result >= LAST_ERRNO ? errnoInfo(Number(-result)).code : undefined;
}

/** What a wait status says: "exited with 0", "killed by SIGSEGV". */
export function formatStatus(status: number): string {
  const signal = status & 0x7f;
  if (signal === 0) return `exited with ${(status >> 8) & 0xff}`;
  return `killed by ${signalName(signal)}${(status & 0x80) === 0 ? "" : " (core dumped)"}`;
}
