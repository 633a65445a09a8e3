/** The parts of `stat` that need no program: the list of events, the figures, and how they are shown. */
import { test } from "bun:test";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { EventNameError, type Reading } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { styleFor } from "../reporters/style.ts";
import { statCsv } from "./csv.ts";
import { DEFAULT_EVENTS, type StatRow, statRows } from "./events.ts";
import type { StatRun } from "./measure.ts";
import { spread, summarizeRuns } from "./summary.ts";
import { statText } from "./text.ts";

/** A host with a processor that nobody knows, and no files. */
const UNKNOWN_CPU = {
  cpuid: () => [0, 0, 0, 0] as const,
  readFile: () => undefined,
  readDirectory: () => undefined,
};

function counted(value: bigint, share = 1): Reading {
  const running = BigInt(Math.round(1000 * share));
  return { state: "counted", value, estimate: (value * 1000n) / running, share, enabled: 1000n, running };
}

function run(readings: Readonly<Record<string, Reading>>, elapsed = 0.5): StatRun {
  return {
    end: { kind: "exited", code: 0 },
    interrupted: undefined,
    elapsed,
    user: 0.25,
    system: 0,
    rows: Object.entries(readings).map(([name, reading]) => ({ name, reading })),
  };
}

function text(...runs: StatRun[]): string {
  const rows = (runs[0]?.rows ?? []).map(
    ({ name }): StatRow => ({ name, event: { unnamed: "" }, group: undefined }),
  );
  return statText(summarizeRuns(["prog", "-x"], rows, runs), styleFor(false));
}

test("statRows() splits a list at commas outside of terms and braces", () => {
  const names = (list: string) => statRows(list, UNKNOWN_CPU).map(({ name, group }) => [name, group]);
  assertEquals(names("task-clock, cpu/event=0xc4,umask=0x11/u,r1c4"), [
    ["task-clock", undefined],
    ["cpu/event=0xc4,umask=0x11/u", undefined],
    ["r1c4", undefined],
  ]);
  assertEquals(names("cs,{cycles,cpu/event=1,umask=2/,minor-faults}:u,faults"), [
    ["cs", undefined],
    ["cycles:u", 1],
    ["cpu/event=1,umask=2/u", 1],
    ["minor-faults:u", 1],
    ["faults", undefined],
  ]);
  assertEquals(names("mem:0x1000/8:w,cs"), [
    ["mem:0x1000/8:w", undefined],
    ["cs", undefined],
  ]);
});

test("statRows() refuses a list that means nothing", () => {
  assertThrows(() => statRows("cycels", UNKNOWN_CPU), EventNameError, "did you mean 'cycles'?");
  assertThrows(() => statRows(",", UNKNOWN_CPU), UsageError, "-e needs events");
  assertThrows(() => statRows("{cs,faults", UNKNOWN_CPU), UsageError, "a brace has no partner");
});

test("statRows() keeps a usual event that the host has no name for, with the reason", () => {
  const rows = statRows(undefined, UNKNOWN_CPU);
  assertEquals(
    rows.map(({ name }) => name),
    [...DEFAULT_EVENTS],
  );
  const tick = rows.at(-1)?.event;
  assertStringIncludes(tick && "unnamed" in tick ? tick.unnamed : "", "not in tickproof's table");
});

test("spread() gives mean and standard deviation of the sample", () => {
  const { mean, deviation } = spread([2, 4, 4, 4, 5, 5, 7, 9]);
  assertEquals(mean, 5);
  assertAlmostEquals(deviation, 2.13809, 1e-5);
  assertEquals(spread([7]), { mean: 7, deviation: 0, values: [7] });
});

test("statText() tells 0, not counted and not supported apart", () => {
  const shown = text(
    run({
      "page-faults": counted(0n),
      cycles: { state: "not-supported", reason: "ENOENT: no PMU" },
      branches: { state: "not-supported", reason: "ENOENT: no PMU" },
      instructions: { state: "not-counted", reason: "never on a counter", enabled: 5n, running: 0n },
    }),
  );
  assertStringIncludes(shown, "tickproof: counters of 'prog -x'\n");
  assertStringIncludes(shown, "\n                0    page-faults\n");
  assertStringIncludes(shown, "\n  <not supported>    cycles\n");
  assertStringIncludes(shown, "\n    <not counted>    instructions\n");
  assertStringIncludes(shown, "\n  cycles, branches: not supported: ENOENT: no PMU\n");
  assertStringIncludes(shown, "\n  instructions: not counted: never on a counter\n");
});

test("statText() says what counts ticks where no PMU does", () => {
  const refused: Reading = { state: "not-supported", reason: "ENOENT: no PMU" };
  assertStringIncludes(text(run({ "retired-conditional-branches:u": refused })), "'tickproof record' counts");
  assert(!text(run({ cycles: refused })).includes("tickproof record"));
});

test("statText() shows that a value is scaled", () => {
  const shown = text(run({ cycles: counted(1000n, 0.25) }));
  assertStringIncludes(shown, "4,000    cycles  scaled: counted 25.0 % of the time");
});

test("statText() shows mean, deviation and what runs are missing", () => {
  const never: Reading = { state: "not-counted", reason: "never on a counter", enabled: 5n, running: 0n };
  const shown = text(
    run({ faults: counted(90n), cs: counted(1n) }, 1),
    run({ faults: counted(100n), cs: never }, 2),
    run({ faults: counted(110n), cs: never }, 3),
  );
  assertStringIncludes(shown, "(3 runs: mean ± standard deviation)");
  assertStringIncludes(shown, "100  ± 10.0 %  faults");
  assertStringIncludes(shown, "1            cs      1 of 3 runs");
  assertStringIncludes(shown, "2.000000 seconds elapsed  ± 50.0 %");
});

test("statCsv() has the fields of perf-stat(1), with the separator of data in quotes", () => {
  const runs = [
    run({
      "task-clock": counted(250_000_000n),
      "instructions:u": counted(3000n),
      "cycles:u": counted(2000n),
    }),
  ];
  const rows = ["task-clock", "instructions:u", "cycles:u"].map((name): StatRow => {
    return { name, event: { unnamed: "" }, group: undefined };
  });
  const summary = summarizeRuns(["prog"], rows, runs);
  const [clock, instructions, cycles] = statCsv(summary, ",").trimEnd().split("\n");
  assertEquals(clock?.split(",").slice(0, 3), ["250.00", "msec", "task-clock"]);
  assertEquals(clock?.split(",").length, 7);
  assertMatch(instructions ?? "", /^3000,,instructions:u,\d+,100\.00,1\.50,per cycle$/);
  assertMatch(cycles ?? "", /^2000,,cycles:u,/);
  assertMatch(statCsv(summary, ":", 0.5), /^0\.500000000:250\.00:msec:task-clock:/);
  assertStringIncludes(statCsv(summary, ":"), ':"instructions:u":');
});

test("statText() sets events in relation", () => {
  const shown = text(
    run({
      "task-clock": counted(250_000_000n),
      "cycles:u": counted(2000n),
      "instructions:u": counted(3000n),
      branches: counted(400n),
      "branch-misses": counted(10n),
      "page-faults": counted(500n),
    }),
  );
  assertStringIncludes(shown, "250.00 msec    task-clock      0.500 CPUs used");
  assertStringIncludes(shown, "instructions:u  1.50 per cycle");
  assertStringIncludes(shown, "branch-misses   2.50 % of branches");
  assertStringIncludes(shown, "page-faults     2.00 K/s");
});
