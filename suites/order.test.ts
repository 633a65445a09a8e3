/**
 * The order of output: what several tasks write to one file, pipe or terminal goes out in replay as it went out in the
 * recording, byte by byte, both streams together.
 */
import { afterAll, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { hostTest, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const WAYS = [
  "processes",
  "threads",
  "blocks",
  "errors",
  "vectors",
  "reopened",
  "duplicated",
  "nonblocking",
  "relay",
  "ended",
  "killed",
] as const;

/** Where output goes: shell scripts, with `$0` for the file in which it ends up and `$@` for the command. */
const SINKS = {
  "a file": '"$@" > "$0" 2>&1',
  "a file that is appended to": '"$@" >> "$0" 2>&1',
  "a pipe": '{ "$@" 2>&1; echo "$?" > "$0.code"; } | cat > "$0"; exit "$(cat "$0.code")"',
  "a pipe that is read late":
    '{ "$@" 2>&1; echo "$?" > "$0.code"; } | { sleep 0.5; cat > "$0"; }; exit "$(cat "$0.code")"',
} as const;

const CACHE = new Scratch();
afterAll(() => CACHE[Symbol.dispose]());

/** Compiles a program of `order/`. */
async function program(name: "writers" | "terminal"): Promise<string> {
  const source = resolve(import.meta.dir, "order", `${name}.c`);
  const compiled = await compile(source, findCompiler(), { root: CACHE.path, flags: ["-pthread"] });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.path;
}

/** Lets the shell run a command whose output ends up in a file, by a text of {@link SINKS}. */
function through(text: string): Sink {
  return (file, command) => ["sh", "-c", text, file, ...command];
}

/** A command whose output ends up in a file. */
type Sink = (file: string, command: readonly string[]) => readonly string[];

/** Records and replays a program, and asserts that the output is the same. @returns What went out. */
function proveOrder(command: readonly string[], into: Sink): string {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  const [recorded, replayed] = (["record", "replay"] as const).map((phase) => {
    const file = scratch.file(phase);
    const words =
      phase === "record"
        ? [...TICKPROOF, "record", "-q", "-o", trace, "--", ...command]
        : [...TICKPROOF, "replay", "-q", trace];
    const { exit, stderr } = run(into(file, words));
    const shown = readFileSync(file, "latin1");
    assertEquals(exit, { code: 0 }, `${phase} of ${command.join(" ")}: ${stderr}${shown.slice(-500)}`);
    return shown;
  });
  assert(recorded !== undefined && replayed !== undefined);
  assertEquals(replayed, recorded);
  return recorded;
}

/** How often a line of one writer follows one of another. */
function changes(output: string): number {
  const writers = output.split("\n").map((line) => line.replace(/ ?\d*$/, ""));
  return writers.filter((writer, i) => i > 0 && writer !== writers[i - 1]).length;
}

for (const [sink, text] of Object.entries(SINKS)) {
  for (const way of WAYS) {
    hostTest(`${way}: the same order into ${sink}`, ["sh", "cat"], async () => {
      const output = proveOrder([await program("writers"), way], through(text));
      assertGreater(changes(output), 0, "more than one of them has written");
    });
  }
}

for (const way of WAYS) {
  test(
    `${way}: the same order on a terminal`,
    async () => {
      const terminal = await program("terminal");
      const output = proveOrder([await program("writers"), way], (file, command) => [
        "sh",
        "-c",
        'exec "$@" > "$0"',
        file,
        terminal,
        ...command,
      ]);
      assertGreater(changes(output), 0, "more than one of them has written");
    },
    TEST_TIMEOUT,
  );
}

hostTest(
  "of a block that was cut off, so much comes in replay as went out",
  ["sh", "cat", "sleep"],
  async () => {
    // Nobody reads before the writer is gone. A pipe takes one block of 60,000 bytes and a part of the next one.
    const late = `{ "$@" 2>&1; echo "$?" > "$0.code"; } | {
    until [ -e "$0.gone" ]; do sleep 0.01; done; cat > "$0"; }; exit "$(cat "$0.code")"`;
    for (const way of ["ended", "killed"]) {
      using scratch = new Scratch();
      const [trace, file] = [scratch.file("trace"), scratch.file("output")];
      const command = [await program("writers"), way, `${file}.gone`];
      const record = [...TICKPROOF, "record", "-q", "-o", trace, "--", ...command];
      assertEquals(run(through(late)(file, record)).exit, { code: 0 });
      const recorded = readFileSync(file, "latin1");
      assert(/^x{59999}\nx{1,59999}after\n$/.test(recorded), `${way}: ${recorded.length} bytes`);
      const replay = run([...TICKPROOF, "replay", "-q", trace]);
      assertEquals(replay.exit, { code: 0 }, replay.stderr);
      assert(
        replay.stdout.toString("latin1") === recorded,
        `${way}: ${replay.stdout.length} bytes in replay`,
      );
    }
  },
);
