/** Ticks are exact: they equal what valgrind counts, and what a person counts, to the last one. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { hostTest, proveSame, run, Scratch } from "./_tickproof.ts";

/** Branches of special_branches.S, counted by hand beside its lines. */
const SPECIAL_BRANCHES = 2047;

/** Compiles a program that has no libc. */
function compileStatic(source: string, level: string, scratch: Scratch): string {
  const program = scratch.file("program");
  const flags = ["-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", level];
  const { exit, stderr } = run(["gcc", ...flags, "-o", program, resolve(import.meta.dir, source)]);
  assertEquals(exit, { code: 0 }, stderr);
  return program;
}

/** Conditional branches of a program by callgrind. */
function countBranches(program: string, scratch: Scratch): number {
  const file = scratch.file("callgrind.out");
  const { exit, stderr } = run([
    "valgrind",
    "--tool=callgrind",
    "--branch-sim=yes",
    `--callgrind-out-file=${file}`,
    program,
  ]);
  assertEquals(exit, { code: 0 }, stderr);
  const text = readFileSync(file, "utf8");
  const names = /^events: (.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
  const totals = /^(?:summary|totals): (.+)$/m.exec(text)?.[1]?.split(" ") ?? [];
  const count = Number(totals[names.indexOf("Bc")]);
  assert(Number.isSafeInteger(count), `callgrind counts Bc: ${names.join(" ")}`);
  return count;
}

for (const level of ["-O0", "-O1", "-O2"]) {
  hostTest(`ticks of a static program equal callgrind's Bc at ${level}`, ["gcc", "valgrind"], () => {
    using scratch = new Scratch();
    const program = compileStatic("static_branches.c", level, scratch);
    const { record } = proveSame([program]);
    assertEquals(record.report.ticks, countBranches(program, scratch));
  });
}

hostTest("ticks are conditional branches only: no turns of rep, no cmov, no indirect jumps", ["gcc"], () => {
  using scratch = new Scratch();
  const { record } = proveSame([compileStatic("special_branches.S", "-O0", scratch)]);
  assertEquals(record.report.ticks, SPECIAL_BRANCHES);
});
