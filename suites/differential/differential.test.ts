/** Random programs do recorded and replayed what they do natively; see docs/reliability.md for more of them by hand. */
import { assertEquals } from "@std/assert";
import { hostTest } from "../_tickproof.ts";
import { failuresAmong, shrink } from "./_compare.ts";
import { assemblyOf, type Program, randomProgram } from "./_program.ts";

const seeds = (from: number, to: number): Program[] =>
  Array.from({ length: to - from + 1 }, (_, i) => randomProgram(from + i));

/** What a failure is told as: the smallest program, and how to try it again. */
function report(programs: readonly Program[], steps: boolean): string {
  return failuresAmong(programs, { steps })
    .map((failure) => shrink(failure, { steps }))
    .map(({ program, what }) => `seed ${program.seed}: ${what}\n${assemblyOf(program, "p")}`)
    .join("\n");
}

for (const [from, to] of [
  [1, 100],
  [101, 200],
] as const) {
  hostTest(`programs of seeds ${from} to ${to} do the same natively, recorded and replayed`, ["gcc"], () => {
    assertEquals(report(seeds(from, to), false), "");
  });
}

hostTest("ticks are the conditional branches that single steps count", ["gcc"], () => {
  assertEquals(report(seeds(1, 6), true), "");
});

hostTest("a program that does not do the same is found, and made small", ["gcc"], () => {
  // What the processor counts differs from run to run, and the harness has no part in it.
  const unsteady: Program = {
    seed: 1,
    changesItself: false,
    blocks: [
      { lines: ["nop", "rdtsc"], branch: "jmp P_end" },
      ...Array.from({ length: 4 }, () => ({ lines: [], branch: "" })),
    ],
  };
  const [failure, ...others] = failuresAmong([...seeds(1, 1), unsteady], { steps: false });
  assertEquals([failure?.program, others], [unsteady, []]);
  const { program } = shrink(failure!, { steps: false });
  assertEquals(
    program.blocks.flatMap(({ lines, branch }) => [...lines, branch]).filter((text) => text !== ""),
    ["rdtsc"],
  );
});
