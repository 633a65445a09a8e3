import { test } from "bun:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Attempt } from "../results/mod.ts";
import { bad, good, result, resultOf, summary } from "./_fixtures.ts";
import { dotReporter } from "./dot.ts";
import { debugCommand, replayCommand } from "./replay-command.ts";
import { styleFor } from "./style.ts";
import { summaryText } from "./terminal.ts";

test("summaryText() has failures first, then the table, then what else is to be said, and the totals", () => {
  assertEquals(
    summaryText(summary, styleFor(false)),
    `  fail shell/second, attempt 2
    ticks: recorded 1, replayed 2
    trace: /tmp/it's/trace
    replay: ${replayCommand({ id: "shell/second" }, { trace: "/tmp/it's/trace" })}
    debug: ${debugCommand({ id: "shell/second" }, { trace: "/tmp/it's/trace" })}

shell
  test    verdict       ticks  events  signals  switches  native          record          replay
  one     pass      1,234,567      42        2         1  0.10 s  0.15 s    1.5×  0.12 s    1.2×
  second  fail 1/2  1,234,567      42        2         1  0.10 s  0.15 s    1.5×  0.12 s    1.2×
  third   skip

  skip shell/third: this host has no 'x'

3 attempts in 2.35 s
1 passed, 1 failed, 1 skipped
`,
  );
});

test("summaryText() tells once what went wrong several times in the same way", () => {
  const attempts = Array.from({ length: 14 }, (_, index) => ({
    ...bad,
    number: index + 1,
    trace: `/t/${index}`,
  }));
  const different = {
    ...bad,
    number: 15,
    verdict: { kind: "timeout", phase: "replay", seconds: 1 },
  } as const;
  const text = summaryText({ ...summary, results: [result("one", ...attempts, different)] }, styleFor(false));
  assertStringIncludes(
    text,
    "  fail shell/one, attempts 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more\n    ticks: ",
  );
  assertStringIncludes(text, "trace: /t/0\n");
  assertStringIncludes(text, "  timeout shell/one, attempt 15\n    replay took longer than 1 second\n");
});

test("summaryText() colours verdicts without moving columns", () => {
  const rich = summaryText(summary, styleFor(true));
  assertStringIncludes(rich, "\x1b[32mpass    \x1b[0m  ");
  assertEquals(Bun.stripANSI(rich), summaryText(summary, styleFor(false)));
});

test("summaryText() tells once of tests that are skipped, marked or fail as expected for the same reason", () => {
  const skip = { kind: "skip", reason: "rr says: no PMU", missing: ["rr-starts"] } as const;
  const flag = {
    text: "the prefixes are ignored",
    url: "https://example.org/1",
    capabilities: [],
    missing: [],
  };
  const xfail = { kind: "xfail", reason: "not yet", url: "https://example.org/2", found: ["ticks"] } as const;
  const skipped = ["a", "b", "c", "d", "e", "f"].map((name) => resultOf(name, skip));
  const results = [
    ...skipped,
    resultOf("g", { kind: "pass", flags: [flag] }),
    resultOf("h", xfail),
    resultOf("i", { kind: "xpass", reason: "not yet" }),
  ];
  const kinds = { ...summary.counts, pass: 1, fail: 0, skip: 6, xfail: 1, xpass: 1 };
  const counts = { passed: 1, failed: 1, skipped: 6, xfailed: 1, counts: kinds };
  const text = summaryText({ ...summary, ...counts, results }, styleFor(false));
  assertStringIncludes(
    text,
    `  xpass shell/i
    it passed, and was expected to fail: not yet
    take its xfail out of the manifest

shell
`,
  );
  assertStringIncludes(
    text,
    `
  skip 6 tests (shell/a, shell/b, shell/c, shell/d and 2 more): rr says: no PMU
  flag shell/g: the prefixes are ignored https://example.org/1
  xfail shell/h: not yet https://example.org/2

9 attempts in 2.35 s; 1 failed as expected (xfail); 1 of the failed passed unexpectedly (xpass); 1 of the passed flagged
1 passed, 1 failed, 6 skipped
`,
  );
  assertMatch(text, /\n {2}g +pass, flagged +1,234,567/);
});

test("summaryText() has the engine where one is not tickproof's own", () => {
  const results = summary.results.map(
    (result) => ({ ...result, engine: "rr", engineLabel: "rr 5.6.0" }) as const,
  );
  const text = summaryText({ ...summary, results }, styleFor(false));
  assertMatch(text, /\n {2}test {4}engine {4}verdict .*\n {2}one {5}rr 5\.6\.0 {2}pass /);
});

test("summaryText() shows lines of the kernel's log with their test, and settings that changed", () => {
  const line = "[ 1.0] perf: interrupt took too long (60205 > 38461)";
  const settingChanges = [{ name: "kernel.perf_event_max_sample_rate", before: "100000", after: "3250" }];
  const results = [result("one", { ...good, kernelLog: [line] }, { ...good, number: 2, kernelLog: [line] })];
  const text = summaryText({ ...summary, results, settingChanges }, styleFor(false));
  assertStringIncludes(
    text,
    `
  kernel log while shell/one ran: ${line}
  kernel changed kernel.perf_event_max_sample_rate under the run: 100000 before, 3250 after
`,
  );
  const silent = summaryText({ ...summary, kernelLogReadable: false }, styleFor(false));
  assertStringIncludes(
    silent,
    "\n  kernel log can't be read here, so it was not watched (kernel.dmesg_restrict)\n",
  );
});

test("summaryText() leaves out columns that say nothing of a suite's tests, and ratios to short runs", () => {
  const { counts: _, ...script } = good;
  const scripts = [result("by hand", { ...script, milliseconds: { script: 1234 } })];
  const text = summaryText({ ...summary, results: scripts }, styleFor(false));
  assertStringIncludes(text, "\n  test     verdict    time\n  by hand  pass     1.23 s\n");
  const short = result("short", { ...good, milliseconds: { native: 9, record: 150, replay: 120 } });
  assertMatch(
    summaryText({ ...summary, results: [short] }, styleFor(false)),
    / 0\.01 s {2}0\.15 s {2}0\.12 s\n/,
  );
});

test("summaryText() fits the width: least needed columns go, then the middle of long names", () => {
  const results = [result("a-rather-long-name[args=1,MODE=fast]", good), result("short", good)];
  for (const width of [100, 80, 60, 40, 30]) {
    const text = summaryText({ ...summary, results }, styleFor(false), width);
    const [, table = ""] = /(shell\n.*?)\n\n/s.exec(text) ?? [];
    const widest = Math.max(...table.split("\n").map((line) => Bun.stringWidth(line)));
    assert(widest <= width, `${widest} > ${width}:\n${table}`);
    assertMatch(table, /verdict/);
  }
  const narrow = summaryText({ ...summary, results }, styleFor(false), 30);
  assertMatch(narrow, /a-rather\S*…\S*=fast\]/);
});

test("no text of a program steers the terminal, whatever field of a result it is in", () => {
  const evil = "a\x1b]0;title\x07b\x1b[2J\u202ec";
  const place = { module: evil, symbol: evil, offset: 0 };
  const verdict = { kind: "fail", reasons: [evil] } as const;
  const all: Attempt = {
    ...bad,
    verdict,
    notes: [evil],
    output: evil,
    leaks: [{ phase: "record", commands: [evil] }],
    crash: {
      signal: "SIGSEGV",
      task: 7,
      process: 7,
      frames: [{ pc: "0x1", place }],
      moreFrames: 0,
      source: { file: evil, line: 1, lines: [{ number: 1, text: evil }] },
      lastEvents: [evil],
    },
    threads: [{ task: 7, process: 7, state: "ready", pc: "0x1", place, caller: place }],
    kernelLog: [evil],
    steps: [{ name: evil, milliseconds: 1, verdict, steps: [] }],
  };
  const skip = resultOf("skipped", { kind: "skip", reason: evil, missing: [] });
  const hostile = {
    ...summary,
    results: [result("all", all), skip],
    scriptProblems: [{ path: evil, reason: evil }],
    teardownProblems: [evil],
  };
  const written: string[] = [];
  dotReporter((text) => written.push(text), styleFor(false))({ kind: "run-finished", summary: hostile });
  for (const text of [summaryText(hostile, styleFor(false)), written.join("")]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text), JSON.stringify(text));
    assertStringIncludes(text, String.raw`a\x1b]0;title\x07b`);
  }
});

test("summaryText() has a word for every verdict", () => {
  const counts = {
    pass: 1,
    flaky: 1,
    fail: 1,
    timeout: 1,
    xpass: 1,
    unsupported: 1,
    broken: 1,
    skip: 1,
    xfail: 1,
  };
  const text = summaryText(
    { ...summary, results: [], counts, passed: 2, failed: 5, skipped: 1 },
    styleFor(false),
  );
  for (const word of ["flaky", "timeout", "xpass", "unsupported", "broken", "xfail"])
    assertMatch(text, new RegExp(`1 .*\\b${word}\\b`));
  assertStringIncludes(text, "\n2 passed, 5 failed, 1 skipped\n");
});
