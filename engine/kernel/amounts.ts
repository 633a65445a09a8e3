/**
 * Lengths, counts and other numbers of a system call: the numbers in the little language of the table. An amount is
 * data, so that the table can be read by a program: the recorder evaluates it, the documentation prints it.
 */
import type { CallView } from "./call-view.ts";

/** Where a number of a call comes from. `at` is an argument, 0 to 5. */
export type Amount =
  | number
  /** The call's result; without bound if it failed, since that does not say how far it came before. */
  | { readonly kind: "result" }
  /** The argument as it is. */
  | { readonly kind: "argument"; readonly at: number }
  /** The argument as the kernel takes an `unsigned int`, or an `int`. */
  | { readonly kind: "count" | "int"; readonly at: number }
  /** A number in the memory that the argument points to, `offset` bytes behind its beginning. */
  | { readonly kind: "field"; readonly at: number; readonly offset: number; readonly bits: 16 | 32 | 64 }
  | { readonly kind: "times"; readonly of: Amount; readonly size: number }
  | { readonly kind: "plus"; readonly of: readonly Amount[] }
  | { readonly kind: "least"; readonly of: readonly Amount[] }
  /** As many whole units of `size` bytes as hold `of` things, `per` in each. */
  | { readonly kind: "whole"; readonly of: Amount; readonly per: number; readonly size: number }
  /** What a request of ioctl in the argument says in its own bits: how many bytes the kernel writes. */
  | { readonly kind: "encoded"; readonly at: number };

/** Bit of `_IOC` that says that the kernel writes, and where the size stands (asm-generic/ioctl.h). */
const IOC_READ = 0x8000_0000;
const IOC_SIZE_SHIFT = 16;
const IOC_SIZE_MASK = 0x3fff;

/** The call's result. */
export const result: Amount = { kind: "result" };

/** Argument `at` as it is. */
export function argument(at: number): Amount {
  return { kind: "argument", at };
}

/** Argument `at` as an unsigned 32-bit count. */
export function count(at: number): Amount {
  return { kind: "count", at };
}

/** Argument `at` as a signed 32-bit number: a descriptor, a command, flags. */
export function int(at: number): Amount {
  return { kind: "int", at };
}

/** The number of `bits` bits that argument `at` points to, `offset` bytes behind. */
export function field(at: number, offset: number, bits: 16 | 32 | 64): Amount {
  return { kind: "field", at, offset, bits };
}

/** The 32-bit value that argument `at` points to: a `socklen_t *` or a `u32 *` length. */
export function pointedLength(at: number): Amount {
  return field(at, 0, 32);
}

/** `of` elements of `size` bytes. */
export function times(of: Amount, size: number): Amount {
  return { kind: "times", of, size };
}

/** The sum of several amounts. */
export function plus(...of: Amount[]): Amount {
  return { kind: "plus", of };
}

/** The smallest of several amounts. */
export function least(...of: Amount[]): Amount {
  return { kind: "least", of };
}

/** Bytes of as many whole units of `size` bytes as hold `of` things, `per` in each: the words of a mask of bits. */
export function whole(of: Amount, per: number, size: number): Amount {
  return { kind: "whole", of, per, size };
}

/** Bytes that the request of ioctl in argument `at` says that the kernel writes; 0 if it says none. */
export function encoded(at: number): Amount {
  return { kind: "encoded", at };
}

/** The value of an amount for a given call. */
export function evaluate(amount: Amount, call: CallView): number {
  if (typeof amount === "number") return amount;
  switch (amount.kind) {
    case "result":
      return call.result < 0 ? Number.POSITIVE_INFINITY : call.result;
    case "argument":
      return call.argument(amount.at);
    case "count":
      return call.int(amount.at) >>> 0;
    case "int":
      return call.int(amount.at);
    case "field": {
      const address = call.argument(amount.at) + amount.offset;
      if (amount.bits === 64) return call.u64(address);
      const value = call.u32(address);
      return amount.bits === 16 ? value & 0xffff : value;
    }
    case "times":
      return evaluate(amount.of, call) * amount.size;
    case "plus":
      return amount.of.reduce<number>((sum, part) => sum + evaluate(part, call), 0);
    case "least":
      return Math.min(...amount.of.map((part) => evaluate(part, call)));
    case "whole":
      return Math.ceil(Math.max(0, evaluate(amount.of, call)) / amount.per) * amount.size;
    case "encoded": {
      const request = call.int(amount.at) >>> 0;
      return request >= IOC_READ ? (request >>> IOC_SIZE_SHIFT) & IOC_SIZE_MASK : 0;
    }
  }
}
