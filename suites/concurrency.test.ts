/** Concurrency by seed: random programs under random schedules replay with the same output, in the same order. */
import { afterAll, expect, test } from "bun:test";
import { resolve } from "node:path";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { compileRandomTasks, proveSeed } from "./concurrency/_prove.ts";

const SEEDS = 100;
/** Seeds of one test, so that a failure is named soon and no test takes long on a busy machine. */
const BATCH = 10;
const STEPS = 40;

const CACHE = new Scratch();
afterAll(() => CACHE[Symbol.dispose]());

for (let from = 0; from < SEEDS; from += BATCH) {
  test(
    `random tasks under chaos, seeds ${from} to ${from + BATCH - 1}`,
    async () => {
      const program = await compileRandomTasks(CACHE.path);
      for (let seed = from; seed < from + BATCH; seed++) {
        expect(proveSeed(program, seed, { steps: STEPS })).toBeUndefined();
      }
    },
    2 * TEST_TIMEOUT,
  );
}

/** A program whose output tells its schedule: two threads that write lines. */
async function writers(): Promise<string> {
  const source = resolve(import.meta.dir, "order/writers.c");
  const compiled = await compile(source, findCompiler(), { root: CACHE.path, flags: ["-pthread"] });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.path;
}

function recorded(program: string, options: readonly string[]): string {
  using scratch = new Scratch();
  const { exit, stdout, stderr } = run([
    ...TICKPROOF,
    ...["record", "-q", ...options, "-o", scratch.file("trace"), "--", program, "threads"],
  ]);
  assertEquals(exit, { code: 0 }, stderr);
  return stdout.toString();
}

test(
  "without chaos two recordings have the same schedule; a seed has its own, which it gives again",
  async () => {
    const program = await writers();
    const fair = recorded(program, []);
    assertEquals(recorded(program, []), fair);
    const chaos = recorded(program, ["--chaos=3"]);
    assertEquals(recorded(program, ["--chaos=3"]), chaos);
    assertNotEquals(chaos, fair);
    assertNotEquals(recorded(program, ["--chaos=4"]), chaos);
  },
  TEST_TIMEOUT,
);

test("--chaos draws a seed, says it, and keeps it in the trace", () => {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  const { stderr } = run([...TICKPROOF, "record", "--chaos", "-o", trace, "--", "/bin/true"]);
  const seed = /^tickproof: chaos by seed (\d+); --chaos=\1 gives the same turns$/m.exec(stderr)?.[1];
  assert(seed !== undefined, stderr);
  const info = run([...TICKPROOF, "info", "--json", trace]).stdout.toString();
  assertEquals(JSON.parse(info).chaos, Number(seed));
});

test("--chaos takes no seed that is none", () => {
  for (const seed of ["", "x", "-1", "4294967296", "1.5", "1:", "1:2:", "1:2:x", "1:2:3:4"]) {
    const { exit, stderr } = run([...TICKPROOF, "record", `--chaos=${seed}`, "--", "/bin/true"]);
    assertEquals(exit, { code: 2 });
    assertEquals(
      stderr,
      `tickproof: --chaos takes a seed, a whole number of 0 to 4294967295, and behind colons how many turns, and the seed of those that follow: current value is '${seed}'\n`,
    );
  }
});
