/** Translated programs compute what they compute natively, and do the same in replay. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { hostTest, proveSame, run, Scratch } from "./_tickproof.ts";
import { randomProgram } from "./translation/_random.ts";

const BARE = ["-nostdlib", "-static"];
const HOSTED = ["-w", "-static", "-no-pie"];

/** Programs of suites/translation, with gcc's options and what they show. */
const PROGRAMS: readonly { source: string; options: readonly string[]; shows: string }[] = [
  { source: "indirect_branches.S", options: [...BARE, "-no-pie"], shows: "every form of indirect branch" },
  { source: "alignment_check.S", options: ["-nostdlib", "-static-pie"], shows: "branches under the AC flag" },
  { source: "faults.c", options: [...HOSTED, "-O1"], shows: "faults as natively, to the register" },
  { source: "written_code.c", options: ["-w", "-O1", "-zexecstack"], shows: "code written at run time" },
  { source: "same_slot.c", options: ["-w", "-O1"], shows: "targets of two kinds of text in one slot" },
  { source: "vectors.c", options: [...HOSTED, "-O2"], shows: "operands relative to rip in every encoding" },
];

/** Seeds of random programs, each with its number of blocks. */
const RANDOM: readonly (readonly [number, number])[] = [
  [1, 40],
  [2, 150],
  [3, 150],
  [4, 400],
  [5, 400],
];

/** Compiles a program. */
function compile(source: string, options: readonly string[], scratch: Scratch): string {
  const program = scratch.file("program");
  const { exit, stderr } = run(["gcc", ...options, "-o", program, source]);
  assertEquals(exit, { code: 0 }, stderr);
  return program;
}

/** Compiles a program and asserts that it prints and ends alike natively, recorded and replayed. */
function prove(source: string, options: readonly string[], scratch: Scratch): void {
  const program = compile(source, options, scratch);
  const native = run([program]);
  const { record } = proveSame([program]);
  assertEquals(record.exit, native.exit);
  assertEquals(record.stdout.toString("latin1"), native.stdout.toString("latin1"));
}

for (const { source, options, shows } of PROGRAMS) {
  hostTest(`${source}: ${shows}`, ["gcc"], () => {
    using scratch = new Scratch();
    prove(resolve(import.meta.dir, "translation", source), options, scratch);
  });
}

for (const [seed, blocks] of RANDOM) {
  hostTest(`a random program of ${blocks} blocks (seed ${seed}) computes the same`, ["gcc"], () => {
    using scratch = new Scratch();
    const source = scratch.file("random.S");
    writeFileSync(source, randomProgram(seed, blocks));
    prove(source, BARE, scratch);
  });
}

hostTest("two_mappings.c: code that is written through another mapping is noticed", ["gcc"], () => {
  using scratch = new Scratch();
  const program = compile(resolve(import.meta.dir, "translation/two_mappings.c"), ["-O1"], scratch);
  assertEquals(run([program]).exit, { code: 42 });
  assertEquals(proveSame([program]).record.exit, { code: 42 });
});

/** A program that does `turns` turns of a loop, and prints their number. */
function looping(turns: number): string {
  return `#include <stdio.h>
    int main(void) { volatile int n = 0; while (n < ${turns}) n++; printf("%d\\n", n); }`;
}

hostTest(
  "translations of earlier runs change nothing, be they right, damaged or of another program",
  ["gcc"],
  () => {
    using scratch = new Scratch();
    // The environment stays the same: its length alone changes the dynamic loader's ticks.
    const environment = { XDG_CACHE_HOME: scratch.file("cache") };
    const source = scratch.file("source.c");
    const outcome = (): { output: string; ticks: number } => {
      const { record, replay } = proveSame([scratch.file("program")], { environment });
      return { output: replay.stdout.toString(), ticks: record.report.ticks };
    };
    const variant = (turns: number): void => {
      writeFileSync(source, looping(turns));
      compile(source, ["-O1"], scratch);
    };
    variant(1000);
    const first = outcome();
    assertEquals(first.output, "1000\n");
    const folder = scratch.file("cache/tickproof/translations");
    const [name = ""] = readdirSync(folder);
    const file = join(folder, name);
    assertEquals(outcome(), first, "with translations of an earlier run");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 0xff;
    writeFileSync(file, bytes);
    assertEquals(outcome(), first, "with damaged ones");
    variant(2000);
    const second = outcome();
    assertEquals(second.output, "2000\n", "with those of another program");
    rmSync(folder, { recursive: true });
    assertEquals(outcome(), second, "without any");
  },
);
