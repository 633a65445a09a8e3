/**
 * Memory for the arguments of a single system call: small structs, paths and bounced data. Its content is
 * worth nothing after the call, so one of each is enough for the one thread that works here.
 */

import { NativeBuffer } from "./buffer.ts";

/** One page for structs; every wrapper begins at 0. */
export const scratch: NativeBuffer = NativeBuffer.map(4096);

/** Window through which bytes of JS arrays are copied: their own addresses are not stable. */
export const bounce: NativeBuffer = NativeBuffer.map(1 << 20);

const PATH_MAX = 4096; // linux/limits.h, with the final NUL
const paths = NativeBuffer.map(PATH_MAX);
const encoder = new TextEncoder();

/**
 * A path as a C string; the next call overwrites it.
 *
 * @returns Its address.
 * @throws RangeError when it contains a NUL or is longer than PATH_MAX.
 */
export function pathArgument(path: string): number {
  if (path.includes("\0")) {
    throw new RangeError(
      `Cannot pass a path as it must not contain NUL: current value is ${JSON.stringify(path)}`,
    );
  }
  const { read, written } = encoder.encodeInto(path, paths.u8.subarray(0, PATH_MAX - 1));
  if (read < path.length) {
    throw new RangeError(
      `Cannot pass a path as it must be shorter than ${PATH_MAX} bytes: current value is ${path}`,
    );
  }
  paths.u8[written] = 0;
  return paths.address;
}
