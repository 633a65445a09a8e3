import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { shellTest } from "../run/_fixtures.ts";
import { bad, result, summary } from "./_fixtures.ts";
import { replayCommand } from "./details.ts";
import { LiveLine } from "./live-line.ts";
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

test("LiveLine shows what runs, and vanishes", () => {
  let shown = "";
  const live = new LiveLine((text) => {
    shown = text;
  });
  const one = shellTest("", { name: "one" });
  live.show({ kind: "run-started", tests: [one], repeat: 2, jobs: 1 });
  live.show({ kind: "phase-started", test: one, attempt: 2, phase: "record" });
  assertEquals(shown, "\r\x1b[K0/2 · one record");
  live.show({ kind: "attempt-finished", test: one, attempt: bad });
  assertEquals(shown, "\r\x1b[K1/2, 1 failed · ");
  live.show({ kind: "run-finished", summary });
  assertEquals(shown, "\r\x1b[K");
});
