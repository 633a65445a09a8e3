/**
 * Simple pieces of memory that a system call reads or writes: the nouns in the little language of the table.
 */
import { argument, evaluate, least, result, times } from "./amounts.ts";
import type { Amount, Area, CallView } from "./call.ts";

/** `amount` bytes at the address in argument `i`: `out(1, 144)` is a `struct stat *` in the second argument. */
export function out(i: number, amount: Amount): Area {
  return (call) => [{ address: call.argument(i), length: evaluate(amount, call) }];
}

/**
 * The part of a buffer at argument `i` that the call filled: as long as its result, but at most `capacity`, which
 * argument `capacityAt` says. A result may be larger: the length of a packet that was cut, of a value only asked for.
 */
export function filled(i: number, capacityAt: number, unit = 1): Area {
  return out(i, times(least(result, argument(capacityAt)), unit));
}

/** `amount` bytes at the address that the program's memory holds `offset` bytes behind argument `i`. */
export function behind(i: number, offset: number, amount: Amount): Area {
  return (call) => {
    const pointer = call.argument(i);
    return pointer === 0 ? [] : [{ address: call.u64(pointer + offset), length: evaluate(amount, call) }];
  };
}

/** The string that the kernel left at argument `i`, with its NUL. */
export function string(i: number): Area {
  return (call) => {
    const address = call.argument(i);
    return [{ address, length: Buffer.byteLength(call.string(address)) + 1 }];
  };
}

/** `area`, but only for calls for which `condition` holds: a command that decides what the others mean. */
export function when(condition: (call: CallView) => boolean, area: Area): Area {
  return (call) => (condition(call) ? area(call) : []);
}

/**
 * What one command of a multiplexing call writes: `byCommand(1, { 5: out(2, 32) })` says that command 5 (in
 * argument 1) writes 32 bytes at argument 2, and that the other commands write nothing.
 */
export function byCommand(i: number, areas: Readonly<Record<number, Area>>): Area {
  return (call) => areas[call.int(i)]?.(call) ?? [];
}
