/** For benchmarks: what a foreign call costs by itself. */

import { nativeFunction } from "../kernel/mod.ts";
import { loadCode } from "../memory/mod.ts";
import { EMPTY_LISTING } from "../stubs/empty.ts";

/** A foreign call with the arguments and the result of `PerfSystem.read` that does nothing and returns 0. */
export const emptyCall: (number: number, fd: number, into: BigUint64Array, bytes: number) => number =
  nativeFunction(loadCode(EMPTY_LISTING)("empty_stub"), ["i32", "i32", "ptr", "i32"], "i32");
