import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { OutputDifference } from "../results/mod.ts";
import { diffLines } from "./diff-lines.ts";
import { styleFor } from "./style.ts";

const difference = (...lines: string[]): OutputDifference => ({
  stream: "stdout",
  phase: "record",
  against: "the manifest",
  hunks: [{ expectedStart: 3, foundStart: 4, lines }],
  more: 0,
});

test("diffLines() is a unified diff with a head that says which side is which", () => {
  assertEquals(diffLines(difference(" one", "-two", "+2", "+2b", " three"), styleFor(false)), [
    "  - expected: stdout of the manifest",
    "  + found: stdout, recorded",
    "  @@ -3,3 +4,4 @@",
    "    one",
    "  - two",
    "  + 2",
    "  + 2b",
    "    three",
  ]);
});

test("diffLines() marks the part of a line that differs", () => {
  const lines = diffLines(difference("-total 10 items", "+total 12 items"), styleFor(true));
  assertStringIncludes(lines[3] ?? "", "\x1b[7m0\x1b[27m");
  assertStringIncludes(lines[4] ?? "", "\x1b[7m2\x1b[27m");
  assertEquals(
    lines.map((line) => Bun.stripANSI(line)),
    diffLines(difference("-total 10 items", "+total 12 items"), styleFor(false)),
  );
});

test("diffLines() shows what can't be seen, and lets no output steer the terminal", () => {
  const lines = diffLines(difference("-a  ", "+a\x1b[31m\r", "+\u202eb\t"), styleFor(false));
  assertEquals(lines.slice(3), ["  - a··", "  + a\\u001b[31m\\r", "  + \\u{202e}b→   "]);
});

test("diffLines() says how much more differs", () => {
  const lines = diffLines({ ...difference("-a", "+b"), more: 12 }, styleFor(false));
  assertEquals(lines.at(-1), "  and 12 more lines that differ");
});
