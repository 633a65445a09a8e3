/**
 * The two things that only `bun:ffi` can do: call an address, and view foreign memory. Everything else in
 * this folder is built on them, so that Bun's experimental interface is used in one place.
 */

import { CFunction, FFIType, type FFITypeOrString, type Pointer, toArrayBuffer } from "bun:ffi";

/**
 * Type of a 64-bit argument or result: takes numbers (negative too) and bigints below 2^64; as a result it is
 * a number up to 2^53 and a bigint beyond.
 */
export const WORD = FFIType.i64_fast;

/**
 * Type of an address: takes a number, or a typed array whose address is taken at the call. The JIT converts it in its
 * own code, so that it costs 4 ns less than a {@link WORD} (Bun 1.4.5).
 */
export const ADDRESS = FFIType.ptr;

/**
 * A JS function that calls the machine code at an address with the C calling convention.
 *
 * @typeParam F What it looks like from JS; the caller vouches that it agrees with the two lists.
 * @param address Where the code is. It must stay mapped as long as the function may be called.
 * @param args One type a parameter; see {@link WORD}.
 * @param returns Type of the result.
 */
export function nativeFunction<F>(address: number, args: FFITypeOrString[], returns: FFITypeOrString): F {
  return CFunction({ ptr: address as Pointer, args, returns }) as unknown as F;
}

/**
 * An ArrayBuffer over memory that JS does not own: nothing is copied, nothing is freed with it.
 *
 * @param address First byte; must be mapped for as long as the buffer is used.
 * @param size Bytes.
 */
export function viewMemory(address: number, size: number): ArrayBuffer {
  return toArrayBuffer(address as Pointer, 0, size);
}
