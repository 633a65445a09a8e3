import { test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { attempt, runOn } from "./_fixtures.ts";
import { baselinesOf, baselineTicks, judgeByBaselines } from "./baseline.ts";
import { DEFAULT_BOUNDS } from "./compare.ts";
import type { AttemptInfo, AttemptRow } from "./rows.ts";
import { History } from "./store.ts";

function row(run: number, more: Partial<AttemptInfo> = {}): AttemptRow {
  const { startedAt, host, cpu, kernel } = runOn(run);
  return { ...attempt(), run, startedAt, host, cpu, kernel, ...more };
}

const NOW = new Date("2026-11-28T12:00:00Z");
const KEY = { test: "core/alarm", engine: "embedded", describedHost: "" };

test("baselinesOf() takes medians of tests all of whose attempts passed, by engine and described host", () => {
  const set = baselinesOf(
    [
      row(4, { ticks: 100 }),
      row(4, { ticks: 300 }),
      row(4, { ticks: 200 }),
      row(4, { ticks: 7, describedHost: "haswell" }),
      row(4, { test: "core/hle" }),
      row(4, { test: "core/hle", verdict: "fail" }),
      row(4, { test: "core/short", nativeMs: 2 }),
    ],
    NOW,
  );
  assertEquals(
    set.map(({ test: name, describedHost, ticks, overhead, run }) => [
      name,
      describedHost,
      ticks,
      overhead,
      run,
    ]),
    [
      ["core/alarm", "", 200, 2, 4],
      ["core/alarm", "haswell", 7, 2, 4],
      // Its native run is too short for a ratio to say something.
      ["core/short", "", 1000, null, 4],
    ],
  );
  assertEquals(baselineTicks(set, KEY), 200);
  assertEquals(baselineTicks(set, { ...KEY, engine: "rr" }), undefined);
});

test("judgeByBaselines() names what is worse, and what has no baseline", () => {
  const set = baselinesOf([row(1)], NOW);
  const judged = judgeByBaselines([row(2, { ticks: 1020 }), row(2, { test: "new" })], set, DEFAULT_BOUNDS);
  assertEquals(judged, {
    worse: [
      {
        test: "core/alarm",
        sentence: "core/alarm: 1,020 ticks, the baseline has 1,000 (+2.0 %; the bound is 1.0 %)",
      },
    ],
    without: ["new"],
  });
});

test("judgeByBaselines() takes a difference within the spread of the attempts for none", () => {
  const set = baselinesOf([row(1)], NOW);
  const slow = [500, 600, 210].map((recordMs, index) => row(2, { recordMs, number: index + 1 }));
  assertEquals(judgeByBaselines(slow, set, DEFAULT_BOUNDS).worse, []);
  const slower = slow.map((attempt) => ({ ...attempt, recordMs: (attempt.recordMs ?? 0) + 200 }));
  assertEquals(judgeByBaselines(slower, set, DEFAULT_BOUNDS).worse.length, 1);
});

test("History keeps baselines by host, and sets them in place of those before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-baseline-"));
  try {
    await using history = await History.open({ kind: "sqlite", path: join(folder, "h.sqlite") });
    await history.setBaselines("box", baselinesOf([row(1)], NOW));
    await history.setBaselines("box", baselinesOf([row(2, { ticks: 5 })], NOW));
    assertEquals(baselineTicks(await history.baselines("box"), KEY), 5);
    assertEquals(await history.baselines("other"), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
