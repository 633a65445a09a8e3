/** The programs of these tests. */
import { resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { run, type Scratch } from "../_tickproof.ts";

/** Bytes of a record without arguments, such as that of getuid. */
export const RECORD = 32;

/** Compiles one. @returns Its path. */
export function compiled(scratch: Scratch, name = "calls"): string {
  const program = scratch.file(name);
  const source = resolve(import.meta.dir, `${name}.c`);
  const { exit, stderr } = run(["gcc", "-w", "-O1", "-pthread", "-o", program, source]);
  assertEquals(exit, { code: 0 }, stderr);
  return program;
}
