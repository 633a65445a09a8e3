/**
 * Questions about a system call whose answer is yes or no: the conditions in the little language of the table. Data,
 * as amounts are.
 */
import { type Amount, argument, evaluate, field, int } from "./amounts.ts";
import type { CallView } from "./call-view.ts";

/** What has to hold of a call. */
export type Condition =
  | boolean
  /** One of the bits of `mask` is set. */
  | { readonly kind: "bits"; readonly of: Amount; readonly mask: number }
  /** The number is one of `values`; of its bits only those of `within` count, if that is given. */
  | {
      readonly kind: "oneOf";
      readonly of: Amount;
      readonly values: ReadonlySet<number>;
      readonly within?: number;
    }
  /** The call succeeded with more than `value`. */
  | { readonly kind: "resultAbove"; readonly value: number }
  /** The call failed with this error number. */
  | { readonly kind: "failedWith"; readonly errno: number }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "all" | "any"; readonly of: readonly Condition[] };

/** One of the bits of `mask` is set in `of`; a mask may have 53 bits. */
export function bits(of: Amount, mask: number): Condition {
  return { kind: "bits", of, mask };
}

/** `of` is one of `values`; with `within` only these bits of it are compared. */
export function oneOf(of: Amount, values: Iterable<number>, within?: number): Condition {
  return { kind: "oneOf", of, values: new Set(values), ...(within !== undefined && { within }) };
}

/** The call succeeded with a result above `value`. */
export function resultAbove(value: number): Condition {
  return { kind: "resultAbove", value };
}

/** The call failed with `errno`. */
export function failedWith(errno: number): Condition {
  return { kind: "failedWith", errno };
}

/** `of` does not hold. */
export function not(of: Condition): Condition {
  return { kind: "not", of };
}

/** All of these hold. */
export function every(...of: Condition[]): Condition {
  return { kind: "all", of };
}

/** One of these holds. */
export function some(...of: Condition[]): Condition {
  return { kind: "any", of };
}

/** None of the bits `flags` is set in argument `at`: a call that waits where it is not told not to. */
export function unless(at: number, flags: number): Condition {
  return not(bits(int(at), flags));
}

/** Argument `at` is not 0: a timeout in milliseconds. */
export function unlessZero(at: number): Condition {
  return not(oneOf(int(at), [0]));
}

/** Argument `at` does not point to two 64-bit zeros: a timespec or timeval that says "do not wait". */
export function unlessZeroTime(at: number): Condition {
  const nonZero = (offset: number) => not(oneOf(field(at, offset, 64), [0]));
  return some(oneOf(argument(at), [0]), nonZero(0), nonZero(8));
}

function anyBit(value: number, mask: number): boolean {
  const low = (value >>> 0) & (mask >>> 0);
  const high = Math.floor(value / 2 ** 32) & Math.floor(mask / 2 ** 32);
  return low !== 0 || high !== 0;
}

/** Whether a condition holds for a given call. */
export function holds(condition: Condition, call: CallView): boolean {
  if (typeof condition === "boolean") return condition;
  switch (condition.kind) {
    case "bits":
      return anyBit(evaluate(condition.of, call), condition.mask);
    case "oneOf": {
      const value = evaluate(condition.of, call);
      const { within } = condition;
      return condition.values.has(within === undefined ? value : (value & within) >>> 0);
    }
    case "resultAbove":
      return call.result > condition.value;
    case "failedWith":
      return call.result === -condition.errno;
    case "not":
      return !holds(condition.of, call);
    case "all":
      return condition.of.every((part) => holds(part, call));
    case "any":
      return condition.of.some((part) => holds(part, call));
  }
}
