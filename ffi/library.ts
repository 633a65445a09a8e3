/** Shared libraries: libc, and what a benchmark compiled on the spot. */

import { dlopen, type FFITypeOrString } from "bun:ffi";

/** Types of the parameters and of the result of a function. */
export interface Signature {
  readonly args: readonly FFITypeOrString[];
  readonly returns: FFITypeOrString;
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
      { args: [...args], returns },
    ]),
  );
  return dlopen(path, symbols).symbols as unknown as F;
}
