/** Programs that mean harm: recording one gains it nothing over running it, whoever records. */
import { afterAll, beforeAll, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { type Ended, proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";

const scratch = new Scratch();
const built = (name: string): string => scratch.file(name);

beforeAll(() => {
  for (const name of ["looks_around", "drops_rights"]) {
    const source = join(import.meta.dir, `${name}.c`);
    const { exit, stderr } = run([
      ...findCompiler(process.env, "c").command,
      "-O1",
      source,
      "-o",
      built(name),
    ]);
    assertEquals(exit, { code: 0 }, stderr);
  }
});
afterAll(() => scratch[Symbol.dispose]());

const lines = ({ stdout }: Ended): string[] => String(stdout).trimEnd().split("\n").sort();

/** How a program is recorded under attack: its end, and what is left of it. */
function recordAttack(...words: string[]): Ended {
  using traces = new Scratch();
  const ended = run([
    ...TICKPROOF,
    "record",
    "--quiet",
    "-o",
    traces.file("trace"),
    "--",
    built("looks_around"),
    ...words,
  ]);
  assert(!/fault of tickproof|^\s+at /m.test(ended.stderr), `${words.join(" ")}: ${ended.stderr}`);
  return ended;
}

test(
  "a program finds the rights, descriptors and variables that it finds natively, and nothing of the recorder's",
  () => {
    const native = run([built("looks_around")]);
    assertEquals(native.exit, { code: 0 });
    const { record } = proveSame([built("looks_around")]);
    // Of the recorder's memory it sees that there is some; natively its parent has none.
    const [segments, others] = [lines(record), lines(record)].map((all, i) =>
      all.filter((line) => line.startsWith("segment:") === (i === 0)),
    );
    for (const segment of segments ?? []) assertEquals(segment, "segment: 0 0");
    assertEquals(others, lines(native));
  },
  TEST_TIMEOUT,
);

test(
  "a program can end its recorder as any of its user's processes, but not trace it",
  () => {
    assertEquals(recordAttack("stop").exit, { signal: 15 });
    assertEquals(recordAttack("trace").exit, { code: 0 });
  },
  TEST_TIMEOUT,
);

test(
  "a program that writes over the engine's memory harms itself alone: its own end, or one error",
  () => {
    for (const [from, to, value] of [
      [0x10080, 0x10100, 0x4141414141], // spilled registers, and where system calls go
      [0x100b0, 0x100d8, 0x7fffffffffff], // what the stub for them works with
      [0x10200, 0x10a00, -1], // which of them it does
      [0x20000, 0xa0000, 0x4141414141], // the lookup table
      [0xa0000, 0xe0000, 0x6300200020], // the ring
    ] as const) {
      const { exit, stderr } = recordAttack("scribble", ...[from, to, value].map(String));
      const isOwnEnd = [{ code: 0 }, { signal: 11 }].some(
        (own) => JSON.stringify(own) === JSON.stringify(exit),
      );
      if (isOwnEnd) assertEquals(stderr, "");
      else assertMatch(stderr, /^tickproof: Cannot go on: the program .* engine's memory.*\n$/);
    }
  },
  TEST_TIMEOUT,
);

test(
  "a trace is for the eyes of its user alone",
  () => {
    const above = scratch.file("above");
    mkdirSync(above);
    chmodSync(above, 0o755);
    const environment = { TICKPROOF_TRACES: join(above, "traces") };
    for (const where of [["-o", join(above, "own")], []]) {
      run([...TICKPROOF, "record", "--quiet", ...where, "--", "true"], { environment });
    }
    const [made] = readdirSync(environment.TICKPROOF_TRACES).filter((name) => name.startsWith("true-"));
    for (const folder of [join(above, "own"), join(environment.TICKPROOF_TRACES, made ?? "")]) {
      assertEquals(statSync(folder).mode & 0o777, 0o700, folder);
    }
  },
  TEST_TIMEOUT,
);

test.skipIf(process.getuid?.() !== 0)(
  "under a recorder of root, a child that gives up rights can change nothing of its parent's (needs root)",
  () => {
    assertEquals(run([built("drops_rights")]).exit, { code: 0 });
    const { record } = proveSame([built("drops_rights")]);
    assertEquals(record.exit, { code: 0 });
  },
  TEST_TIMEOUT,
);
