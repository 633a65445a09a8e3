/** A long recording in small: `long/long-run.ts` makes the real one, by hand. */
import { afterAll } from "bun:test";
import { resolve } from "node:path";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { hostTest, proveSame, Scratch } from "./_tickproof.ts";

const CACHE = new Scratch();
afterAll(() => CACHE[Symbol.dispose]());

hostTest("busy threads with timers replay to the last signal", [], async () => {
  const source = resolve(import.meta.dir, "long/busy_threads.c");
  const compiled = await compile(source, findCompiler(), { root: CACHE.path, flags: ["-pthread"] });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  const { record } = proveSame([compiled.path, "1", "5"]);
  assertEquals(record.stdout.toString().trim().split("\n").length, 5);
  assertGreater(record.report.signals, 9);
});
