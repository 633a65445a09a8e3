/** Answers without a debugger: who wrote this, what is its value, where do two recordings differ. */
import { afterAll, beforeAll, test } from "bun:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Writer } from "../engine/debug/mod.ts";
import type { TraceDifference } from "../runner/commands/_trace-difference.ts";
import { type Ended, hostTest, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { type Recorded, recordProgram, THREADS } from "./debugging/_programs.ts";

const scratch = new Scratch();
let watched: Recorded;

beforeAll(() => {
  watched = recordProgram(scratch, "watched.c", [...THREADS, "-no-pie"]);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

function tickproof(...words: string[]): Ended {
  return run([...TICKPROOF, ...words]);
}

function addressOf(symbol: string): string {
  const found = new RegExp(`^([0-9a-f]+) . ${symbol}$`, "m").exec(
    run(["nm", watched.program]).stdout.toString(),
  );
  assert(found?.[1] !== undefined, symbol);
  return `0x${Number.parseInt(found[1], 16).toString(16)}`;
}

test(
  "why shows the last writes of an address: by which thread and line, from what to what, or that there are none",
  () => {
    const address = addressOf("shared");
    const { exit, stdout } = tickproof("why", "--count", "5", watched.trace, address);
    assertEquals(exit, { code: 0 });
    const lines = stdout.toString();
    assertMatch(lines, new RegExp(`^${address} at ${address} is 3\n`));
    assertMatch(lines, /: 2 became 3\n {2}#0 0x[0-9a-f]+ main at watched\.c:32\n/);
    assertMatch(lines, /: 1 became 2\n {2}#0 0x[0-9a-f]+ writes at watched\.c:12\n/);
    assertMatch(lines, /nobody has written there before\n$/);
    const json = JSON.parse(
      tickproof("why", "--json", "--at", "start", watched.trace, address).stdout.toString(),
    ) as { writes: Writer[]; isAll: boolean };
    assertEquals([json.writes, json.isAll], [[], true]);
  },
  TEST_TIMEOUT,
);

test(
  "why names the system call that the kernel has written for, and refuses what can't be watched",
  () => {
    for (const [symbol, call] of [
      ["from_pipe", "read"],
      ["from_file", "pread64"],
    ] as const) {
      const { stdout } = tickproof("why", "--length", "4", watched.trace, addressOf(symbol));
      // A call without a stop is made by the program's own `syscall` instruction.
      assertMatch(
        stdout.toString(),
        new RegExp(`(by the kernel in ${call}|#0 0x[0-9a-f]+ \\w*${call})`),
        symbol,
      );
    }
    const { exit, stderr } = tickproof("why", "--length", "400", watched.trace, addressOf("shared"));
    assertEquals(exit, { code: 2 });
    assertMatch(stderr, /^tickproof: 0x[0-9a-f]+ can't be watched: 400 bytes at .* debug registers/);
  },
  TEST_TIMEOUT,
);

hostTest("print and why take expressions, which gdb evaluates where the place is", ["gdb"], () => {
  const end = ["--at", "end", watched.trace];
  const { exit, stdout } = tickproof("print", ...end, "shared", "from_pipe", "shared * 2 + 1");
  assertEquals(exit, { code: 0 });
  assertEquals(stdout.toString(), 'shared = 3\nfrom_pipe = "pipe\\000\\000\\000"\nshared * 2 + 1 = 7\n');
  const failed = tickproof("print", "--json", ...end, "no_such_thing", "shared");
  const { values } = JSON.parse(failed.stdout.toString()) as { values: unknown };
  assertEquals(failed.exit, { code: 1 });
  assertEquals(values, [
    { expression: "no_such_thing", error: 'No symbol "no_such_thing" in current context.' },
    { expression: "shared", value: "3" },
  ]);
  assertMatch(
    tickproof("why", ...end, "shared").stdout.toString(),
    /^shared at 0x[0-9a-f]+ is 3\nwritten by/,
  );
  const place = tickproof("print", "--at", "99999999", watched.trace, "shared");
  assertEquals(place.exit, { code: 2 });
  assertStringIncludes(place.stderr, "the recording has events up to");
});

test(
  "diff shows where two recordings part, with both stacks, and what they wrote differently",
  () => {
    const traces = ["1", "1", "2"].map((seed, i) => {
      const trace = scratch.file(`seed-${i}`);
      tickproof("record", "-q", `--chaos=${seed}`, "-o", trace, "--", watched.program);
      return trace;
    });
    const [one = "", same = "", other = ""] = traces;
    const alike = tickproof("diff", one, same);
    assertMatch(alike.stdout.toString(), /^the same way: [\d,]+ events\n$/m);
    const { exit, stdout } = tickproof("diff", "--json", one, other);
    assertEquals(exit, { code: 1 });
    const found = JSON.parse(stdout.toString()) as TraceDifference & { stacks: Record<string, string[]> };
    assert(found.way?.a !== undefined && found.way.b !== undefined);
    assert(found.common > 10 && found.way.what.length > 0);
    assert((found.stacks.a?.length ?? 0) > 0, stdout.toString());
    const wrote = ["a", "b"].map((word) => {
      const trace = scratch.file(`echo-${word}`);
      tickproof("record", "-q", "-o", trace, "--", "/bin/echo", word);
      return trace;
    });
    assertMatch(
      tickproof("diff", ...wrote).stdout.toString(),
      /the first output that differs:\n {2}A {2}\d+ task .*write/,
    );
    const refused = tickproof("diff", one, wrote[0] ?? "");
    assertEquals(refused.exit, { code: 2 });
    assertStringIncludes(refused.stderr, "these are recordings of two programs");
  },
  TEST_TIMEOUT,
);
