import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { REPORT, side } from "./_fixtures.ts";
import { judge, type RowReport } from "./report.ts";

const verdicts = (rows: readonly RowReport[], garbage = REPORT.garbage) =>
  judge(rows, garbage).map(({ value, met }) => [value, met]);

test("judge() holds the rows against the goals", () => {
  assertEquals(verdicts(REPORT.rows), [
    ["1.05×", true],
    ["0.2 ns", true],
    ["0 collections in 2,000,000 reads, 64 bytes kept", true],
  ]);
});

test("judge() sees a goal that is missed", () => {
  const ratio = { median: 1.2, low: 1.1, high: 1.3 };
  const slow: RowReport[] = [
    { name: "empty call", state: "measured", calls: 1, js: side(20), c: side(1) },
    { name: "read, raw stub", state: "measured", calls: 1, js: side(480), c: side(400), ratio },
  ];
  const { control } = REPORT.garbage!;
  assertEquals(
    verdicts(slow, { read: control, control }).map(([, met]) => met),
    [false, false, false],
  );
  const leak = { read: { reads: 100, collections: 0, kept: 1600 }, control };
  assertEquals(verdicts(slow, leak)[2][1], false);
});

test("judge() leaves open what was not measured, and garbage that the control did not see", () => {
  const none = { read: REPORT.garbage!.read, control: REPORT.garbage!.read };
  assertEquals(
    verdicts([REPORT.rows[2]], none).map(([, met]) => met),
    [undefined, undefined, undefined],
  );
  assertEquals(
    judge([], undefined).map(({ value }) => value),
    ["not measured", "not measured", "not measured"],
  );
});
