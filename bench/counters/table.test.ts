import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { REPORT } from "./_fixtures.ts";
import { countersTable, duration, sparkline } from "./table.ts";

test("countersTable() has a row an operation, beside C where there is one", () => {
  const lines = countersTable(REPORT, false).split("\n");
  assertEquals(lines.slice(0, 5), [
    "operation           Bun       p99       C     p99  ratio  95 %       garbage  Bun  C",
    "empty call       1.6 ns    3.2 ns  1.4 ns  2.8 ns  1.14×  1.10–1.20           █▁   █▁",
    "read, raw stub   420 ns    840 ns  400 ns  800 ns  1.05×  1.04–1.06  none     █▁   █▁",
    "rdpmc, cycles      skip: no PMU (ENOENT)",
    "open + close    90.0 µs  180.0 µs       –       –      –                      █▁",
  ]);
});

test("countersTable() tells garbage, goals, notes, and where it was measured", () => {
  const table = countersTable(REPORT, false);
  for (const words of [
    "to compare, reads that make a BigInt each: 4 collections in 1,000,000 reads, 0 bytes kept\n",
    "goal: raw read at most 1.10× C: 1.05×, met\n",
    "goal: no garbage per read: not measured, open\n",
    "read, raw stub: a note\n",
    "3 rounds, Bun and C in turn; gcc 12 -O2\na processor, 2 cores\n",
  ]) {
    assertStringIncludes(table, words);
  }
  const without = countersTable({ ...REPORT, c: { missing: "no C compiler: install one" } }, false);
  assertStringIncludes(without, "no C: no C compiler: install one\n");
});

test("sparkline() is as wide as it may be, and shows the least count", () => {
  const histogram = { edges: [0, 1, 2, 3, 4], counts: [0, 100, 1, 0], below: 0, above: 0 };
  assertEquals(sparkline(histogram), " █▁ ");
  assertEquals(sparkline(histogram, 2), "█▁");
  assertEquals(sparkline({ ...histogram, counts: [0, 0, 0, 0] }), "    ");
});

test("duration() has three or four digits", () => {
  assertEquals([1.63, 99.94, 421.7, 9999, 91_234].map(duration), [
    "1.6 ns",
    "99.9 ns",
    "422 ns",
    "9999 ns",
    "91.2 µs",
  ]);
});
