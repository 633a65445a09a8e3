/** The loops in C (`loops.c`), compiled on the spot and called in this process: same descriptors, same memory. */
import { resolve } from "node:path";
import { openLibrary, type Signature } from "../../ffi/mod.ts";
import { isUserError } from "../../runner/errors/mod.ts";
import { compile } from "../../runner/programs/compile.ts";
import { type Compiler, FLAGS, findCompiler } from "../../runner/programs/compiler.ts";

/** Names of the loops, as `loops.c` has them. */
export const C_LOOPS = [
  "empty_call",
  "read_inline",
  "read_called",
  "read_libc",
  "read_page",
  "time_page",
  "ioctl_inline",
  "open_close_inline",
] as const;

export type CLoopName = (typeof C_LOOPS)[number];

/** One operation in C, so many times. */
export type CLoop = (calls: number, a: number, b: number, c: number) => number;

/** C is there, with the compiler that made it; or the reason why not. */
export type CSide =
  | { readonly compiler: string; readonly loops: Readonly<Record<CLoopName, CLoop>> }
  | { readonly missing: string };

/** `long NAME(long n, long a, long b, long c)`. */
const SIGNATURE: Signature = { args: ["word", "word", "word", "word"], returns: "word" };

/**
 * Compiles and opens the loops.
 *
 * @param find Gives the compiler, or throws what is in the way.
 */
export async function openCSide(find: () => Compiler = findCompiler): Promise<CSide> {
  let compiler: Compiler;
  try {
    compiler = find();
  } catch (error) {
    if (isUserError(error)) return { missing: error.message };
    throw error;
  }
  const flags = ["-shared", "-fPIC"];
  const compilation = await compile(resolve(import.meta.dir, "loops.c"), compiler, { flags });
  if (!compilation.ok) return { missing: compilation.message };
  const loops = openLibrary<Record<CLoopName, CLoop>>(
    compilation.path,
    Object.fromEntries(C_LOOPS.map((name) => [name, SIGNATURE])) as Record<CLoopName, Signature>,
  );
  return { compiler: [compiler.identity, ...FLAGS.c, ...flags].join(" "), loops };
}
