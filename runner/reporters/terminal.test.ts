import { test } from "bun:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bad, good, result, resultOf, summary } from "./_fixtures.ts";
import { replayCommand } from "./details.ts";
import { styleFor } from "./style.ts";
import { summaryText } from "./terminal.ts";

test("summaryText() is an aligned table, the details of what did not pass, and the totals", () => {
  assertEquals(
    summaryText(summary, styleFor(false)),
    `shell
  test    verdict       ticks  events  signals  switches  native          record          replay
  one     pass      1,234,567      42        2         1  0.10 s  0.15 s    1.5×  0.12 s    1.2×
  second  fail 1/2  1,234,567      42        2         1  0.10 s  0.15 s    1.5×  0.12 s    1.2×
  third   skip              –       –        –         –       –               –               –

  fail shell/second, attempt 2
    ticks: recorded 1, replayed 2
    trace: /tmp/it's/trace
    replay: ${replayCommand("/tmp/it's/trace")}
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
  assertStringIncludes(rich, "\x1b[32mpass    \x1b[0m");
  assertEquals(Bun.stripANSI(rich), summaryText(summary, styleFor(false)));
});

test("replayCommand() can be pasted into a shell", () => {
  assertStringIncludes(replayCommand("/tmp/a b/it's"), ` replay '/tmp/a b/it'\\''s'`);
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
  const counts = { passed: 1, failed: 1, skipped: 6, xfailed: 1 };
  const text = summaryText({ ...summary, ...counts, results }, styleFor(false));
  assertStringIncludes(
    text,
    `
  xpass shell/i
    it passed, and was expected to fail: not yet
    take its xfail out of the manifest
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
