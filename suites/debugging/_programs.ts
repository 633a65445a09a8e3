/** Programs that the tests of the debugger record, each once in a process of tests. */
import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { run, type Scratch, TICKPROOF } from "../_tickproof.ts";

/** A program and its recording. */
export interface Recorded {
  program: string;
  trace: string;
}

/**
 * Compiles a source of this folder, with debug information.
 *
 * @param flags Of the compiler.
 * @returns The program's path.
 */
export function compileProgram(scratch: Scratch, source: string, flags: readonly string[]): string {
  const program = scratch.file(source.replace(/\..*/, ""));
  const compiled = run(["gcc", "-g", ...flags, "-o", program, resolve(import.meta.dir, source)]);
  assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
  return program;
}

/** As {@link compileProgram}, and records it. */
export function recordProgram(scratch: Scratch, source: string, flags: readonly string[]): Recorded {
  const program = compileProgram(scratch, source, flags);
  const trace = `${program}-trace`;
  const recorded = run([...TICKPROOF, "record", "--quiet", "-o", trace, program]);
  assert(recorded.stdout.length > 0, recorded.stderr);
  return { program, trace };
}

/** Flags for `plain.S`. */
export const PLAIN: readonly string[] = ["-nostdlib", "-static"];
/** Flags for `threads.c`. */
export const THREADS: readonly string[] = ["-O1", "-pthread", "-fno-optimize-sibling-calls"];
