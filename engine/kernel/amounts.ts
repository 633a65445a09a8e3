/**
 * Lengths and counts of a system call: the numbers in the little language of the table.
 */
import type { Amount, CallView } from "./call.ts";

/** The value of an amount for a given call. */
export function evaluate(amount: Amount, call: CallView): number {
  return typeof amount === "number" ? amount : amount(call);
}

/** The call's result; without bound if it failed, since that does not say how far it came before. */
export function result(call: CallView): number {
  return call.result < 0 ? Number.POSITIVE_INFINITY : call.result;
}

/** Argument `i` as it is. */
export function argument(i: number): Amount {
  return (call) => call.argument(i);
}

/** Argument `i` as an unsigned 32-bit count, as the kernel takes an `unsigned int`. */
export function count(i: number): Amount {
  return (call) => call.int(i) >>> 0;
}

/** The 32-bit value that argument `i` points to: a `socklen_t *` or a `u32 *` length. */
export function pointedLength(i: number): Amount {
  return (call) => call.u32(call.argument(i));
}

/** `amount` elements of `size` bytes. */
export function times(amount: Amount, size: number): Amount {
  return (call) => evaluate(amount, call) * size;
}

/** The smallest of several amounts. */
export function least(...amounts: Amount[]): Amount {
  return (call) => Math.min(...amounts.map((amount) => evaluate(amount, call)));
}
