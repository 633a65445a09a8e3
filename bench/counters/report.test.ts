import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { REPORT, side } from "./_fixtures.ts";
import { judge, type MeasuredRow, type RowReport } from "./report.ts";

const { rows, control } = REPORT;
const verdicts = (measured: readonly RowReport[], shown = control) =>
  judge(measured, shown).map(({ value, met }) => [value, met]);

test("judge() holds the rows against the goals", () => {
  assertEquals(verdicts(rows), [
    ["1.05×", true],
    ["0.2 ns", true],
    ["0 collections in 1,000,000 reads, 64 bytes kept", true],
  ]);
});

test("judge() sees a goal that is missed", () => {
  const ratio = { median: 1.2, low: 1.1, high: 1.3 };
  const slow: MeasuredRow[] = [
    { name: "empty call", state: "measured", calls: 1, js: side(20), c: side(1) },
    {
      name: "read, raw stub",
      state: "measured",
      calls: 1,
      js: side(480),
      c: side(400),
      ratio,
      garbage: control,
    },
  ];
  assertEquals(
    verdicts(slow).map(([, met]) => met),
    [false, false, false],
  );
  const leak: MeasuredRow = { ...slow[1]!, garbage: { reads: 100, collections: 0, kept: 1600 } };
  assertEquals(verdicts([...rows, leak])[2], ["0 collections in 1,000,100 reads, 1,664 bytes kept", false]);
});

test("judge() leaves open what was not measured, and garbage that the control did not see", () => {
  assertEquals(verdicts([]), Array(3).fill(["not measured", undefined]));
  const blind = { ...control, collections: 0 };
  assertEquals(verdicts(rows, blind)[2]![1], undefined);
});
