/** Shared libraries: libc, and what a benchmark compiled on the spot. */

import { dlopen } from "bun:ffi";
import { WORD } from "./native.ts";

/** Types that bun:ffi knows by these names; of a `word` see `native.ts`. */
const TYPES = { i32: "i32", ptr: "ptr", word: WORD } as const;

/** Types of the parameters and of the result of a function. */
export interface Signature {
  readonly args: readonly (keyof typeof TYPES)[];
  readonly returns: keyof typeof TYPES;
}

/**
 * Opens a shared library; it stays open for the life of the process.
 *
 * @typeParam F What its functions look like from JS; the caller vouches that it agrees with the signatures.
 * @param path Its path, or a name such as `libc.so.6`.
 * @param signatures Functions by name.
 * @throws Error when the library or one of the functions is not there.
 */
export function openLibrary<F>(path: string, signatures: Readonly<Record<keyof F & string, Signature>>): F {
  const symbols = Object.fromEntries(
    Object.entries<Signature>(signatures).map(([name, { args, returns }]) => [
      name,
      { args: args.map((type) => TYPES[type]), returns: TYPES[returns] },
    ]),
  );
  return dlopen(path, symbols).symbols as unknown as F;
}
