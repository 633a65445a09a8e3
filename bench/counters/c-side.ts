/** The loops in C (`loops.c`), compiled on the spot and called in this process: same descriptors, same memory. */
import { resolve } from "node:path";
import { openLibrary, type Signature } from "../../ffi/mod.ts";
import { isUserError } from "../../runner/errors.ts";
import { compile } from "../../runner/programs/compile.ts";
import { type Compiler, FLAGS, findCompiler } from "../../runner/programs/compiler.ts";

/** Names of the loops, as `loops.c` has them. */
export const C_LOOPS = [
  "stamp_only",
  "empty_call",
  "read_inline",
  "read_libc",
  "read_page",
  "time_page",
  "ioctl_inline",
  "open_close_inline",
] as const;

export type CLoopName = (typeof C_LOOPS)[number];

type Run = (calls: number, a: number, b: number, c: number) => number;
type Each = (calls: number, a: number, b: number, c: number, stamps: number) => number;

/** One operation in C: so many times, and with the time after each one. */
export interface CLoop {
  readonly run: Run;
  readonly each: Each;
}

/** C is there, with the compiler that made it; or the reason why not. */
export type CSide =
  | { readonly compiler: string; readonly loops: Readonly<Record<CLoopName, CLoop>> }
  | { readonly missing: string };

/** `long NAME(long n, long a, long b, long c)`, and the same with `uint32_t *stamps`. */
const WORDS = { run: 4, each: 5 };
const signature = (words: number): Signature => ({ args: Array(words).fill("word"), returns: "word" });

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
  const open = <F>(name: string, words: number) =>
    openLibrary<Record<string, F>>(compilation.path, { [name]: signature(words) })[name];
  const loops = Object.fromEntries(
    C_LOOPS.map((name): [CLoopName, CLoop] => [
      name,
      { run: open<Run>(name, WORDS.run), each: open<Each>(`${name}_each`, WORDS.each) },
    ]),
  ) as Record<CLoopName, CLoop>;
  return { compiler: [compiler.identity, ...FLAGS.c, ...flags].join(" "), loops };
}
