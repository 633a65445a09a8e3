import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { attempt, runOn } from "./_fixtures.ts";
import { baselineTicks } from "./baseline.ts";
import type { AttemptInfo, AttemptRow } from "./store.ts";

function row(run: number, more: Partial<AttemptInfo> = {}): AttemptRow {
  const { startedAt, host, cpu, kernel } = runOn(run);
  return { ...attempt(), run, startedAt, host, cpu, kernel, ...more };
}

test("baselineTicks() is the median of earlier passes with the same engine on the same described host", () => {
  const rows = [
    row(1, { ticks: 100 }),
    row(2, { ticks: 300 }),
    row(3, { ticks: 200 }),
    row(3, { ticks: 9000, verdict: "fail" }),
    row(3, { ticks: 9000, engine: "rr" }),
    row(3, { ticks: 7, describedHost: "haswell" }),
    row(3, { ticks: null }),
    row(4, { ticks: 9000 }),
  ];
  assertEquals(baselineTicks(rows, { run: 4, engine: "embedded", describedHost: "" }), 200);
  assertEquals(baselineTicks(rows, { run: 4, engine: "embedded", describedHost: "haswell" }), 7);
  assertEquals(baselineTicks(rows, { run: 4, engine: "rr", describedHost: "haswell" }), undefined);
});
