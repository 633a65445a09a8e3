/** For benchmarks: what a foreign call costs by itself, and times that cost little to take. */

import { NativeBuffer } from "./buffer.ts";
import { loadCode } from "./code.ts";
import { nativeFunction } from "./native.ts";
import { WEIGH_LISTING } from "./stubs/weigh.ts";

/** Times that {@link Stamps} can hold. */
export const STAMP_ROOM = 65_536;
const HEAD_WORDS = 2;
const ring = NativeBuffer.map((HEAD_WORDS + STAMP_ROOM) * Uint32Array.BYTES_PER_ELEMENT);
const code = loadCode(WEIGH_LISTING, { ring: ring.address });

/** A foreign call with the arguments and the result of `PerfSystem.read` that does nothing and returns 0. */
export const emptyCall: (number: number, fd: number, into: BigUint64Array, bytes: number) => number =
  nativeFunction(code("nothing"), ["i32", "i32", "ptr", "i32"], "i32");

/** Time stamps: the low 32 bits of the time-stamp counter, taken by machine code into a ring that never moves. */
export const stamps = {
  /** Takes one, once everything before it has been done; behind {@link STAMP_ROOM} of them the first is replaced. */
  take: nativeFunction<() => void>(code("stamp"), [], "void"),
  /** Makes the next one the first. */
  begin(): void {
    ring.u32[0] = 0;
  },
  /** All places of the ring, the first one first. */
  values: ring.u32.subarray(HEAD_WORDS),
  /** Address of {@link values}, for code that fills them itself. */
  address: ring.address + HEAD_WORDS * Uint32Array.BYTES_PER_ELEMENT,
} as const;
