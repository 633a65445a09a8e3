/** Programs of `suites/programs`: each is run, by one suite, and what a manifest can't say of one is said here. */
import { test } from "bun:test";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ownManifests } from "../runner/manifest/_own-manifests.ts";
import { loadManifest } from "../runner/manifest/mod.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const PROGRAMS = resolve(import.meta.dir, "programs");
/** Programs that take part in more than a manifest can arrange: the test that does. */
const BY_TESTS = ["counters.c", "shared_outside.c"];

test("each program is in a manifest, and no two tests of manifests run one in the same way", async () => {
  const ways = new Map<string, string[]>();
  for (const path of ownManifests()) {
    const { suite, folder, tests } = loadManifest(path);
    for (const { name, program, args, host, environment } of tests) {
      if (program === undefined) continue;
      const way = JSON.stringify([resolve(folder, program), args, host, environment]);
      ways.set(way, [...(ways.get(way) ?? []), `${suite}/${name}`]);
    }
  }
  assertEquals(
    [...ways.values()].filter((tests) => tests.length > 1),
    [],
    "they run the same",
  );
  const covered = new Set([...ways.keys()].map((way) => String(JSON.parse(way)[0])));
  const left = readdirSync(PROGRAMS).filter(
    (name) => /\.[cS]$/.test(name) && !covered.has(resolve(PROGRAMS, name)) && !BY_TESTS.includes(name),
  );
  assertEquals(left, [], "nobody runs them");
});

async function built(name: string, scratch: Scratch): Promise<string> {
  const compiled = await compile(resolve(PROGRAMS, name), findCompiler(), { root: scratch.path });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.path;
}

test(
  "counters of the kernel, their signals, and what is refused of them that the kernel allows",
  async () => {
    using scratch = new Scratch();
    const { record } = proveSame([await built("counters.c", scratch)]);
    assertStringIncludes(record.stdout.toString(), "EXIT-SUCCESS");
  },
  TEST_TIMEOUT,
);

test(
  "registers that a tracer sets at a birth end the recording by name",
  async () => {
    using scratch = new Scratch();
    const program = await built("tracing_births.c", scratch);
    const trace = scratch.file("trace");
    const recorded = run([...TICKPROOF, "record", "-q", "-o", trace, program, "others"]);
    assertEquals(recorded.exit, { code: 2 });
    assertStringIncludes(recorded.stderr.toString(), "where it stopped by PTRACE_EVENT_FORK");
  },
  TEST_TIMEOUT,
);
