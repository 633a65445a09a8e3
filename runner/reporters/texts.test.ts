import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Attempt, Crash, Location } from "../results/mod.ts";
import { shellTest } from "../run/_fixtures.ts";
import type { RunSummary, TestResult } from "../run/mod.ts";
import { bad, good, result, resultOf, summary } from "./_fixtures.ts";
import { dotReporter } from "./dot.ts";
import { githubAnnotations, githubSummary } from "./github.ts";
import { jsonLine } from "./json-lines.ts";
import { junitXml } from "./junit.ts";
import { styleFor } from "./style.ts";
import { ktapText, tapText } from "./tap.ts";
import { summaryText } from "./terminal.ts";

const more: RunSummary = {
  ...summary,
  results: [...summary.results, resultOf("slow", { kind: "timeout", phase: "replay", seconds: 2 })],
};

test("tapText() is TAP version 14, with diagnostics as YAML", () => {
  assertEquals(
    tapText(summary),
    `TAP version 14
1..3
ok 1 - shell/one
not ok 2 - shell/second
  ---
  verdict: fail
  message: "ticks: recorded 1, replayed 2"
  trace: "/tmp/it's/trace"
  ...
ok 3 - shell/third # SKIP this host has no 'x'
`,
  );
});

test("tapText() bails out of a run that was ended, and escapes what would be a directive", () => {
  const results = [resultOf("a # TODO b", { kind: "pass" })];
  const text = tapText({ ...summary, results, interrupted: true });
  assertStringIncludes(text, "ok 1 - shell/a \\# TODO b\nBail out!");
});

test("ktapText() nests the suites, and has directives of its own", () => {
  assertEquals(
    ktapText(more),
    `KTAP version 1
1..1
  KTAP version 1
  # Subtest: shell
  1..4
  ok 1 one
  # ticks: recorded 1, replayed 2
  not ok 2 second
  ok 3 third # SKIP this host has no 'x'
  # replay took longer than 2 seconds
  not ok 4 slow # TIMEOUT
not ok 1 shell
`,
  );
});

test("githubAnnotations() is a command for each test that did not pass, with its text escaped", () => {
  const results = [
    resultOf("one", { kind: "pass" }),
    resultOf("two", { kind: "fail", reasons: ["100 %", "b"] }),
  ];
  assertEquals(githubAnnotations({ ...summary, results }), "::error title=fail%3A shell/two::100 %25%0Ab\n");
});

test("githubAnnotations() point at the line that crashed, that of the script, or where the test is written down", () => {
  const at = (result: TestResult, location: Location): TestResult => ({
    ...result,
    test: { ...result.test, location },
  });
  const source = { file: resolve("src/a.c"), line: 7, lines: [] };
  const crash: Crash = {
    signal: "SIGSEGV",
    task: 1,
    process: 1,
    frames: [],
    moreFrames: 0,
    lastEvents: [],
    source,
  };
  const died = result("died", { ...bad, crash });
  const script = resolve("x.test.ts");
  const threw = resultOf("threw", { kind: "fail", reasons: [`wrong\n    at <anonymous> (${script}:12:5)`] });
  const results = [
    at(died, { file: "m.yaml", line: 3 }),
    at(threw, { file: script, line: 2 }),
    at(resultOf("wrong", { kind: "broken", reason: "no" }), { file: resolve("m.yaml"), line: 9 }),
  ];
  const places = githubAnnotations({ ...summary, results }).matchAll(
    /^::error file=(.*?),line=(\d+),title=/gm,
  );
  assertEquals(
    [...places].map(([, file, line]) => [file, line]),
    [
      ["src/a.c", "7"],
      ["x.test.ts", "12"],
      ["m.yaml", "9"],
    ],
  );
});

test("githubSummary() is a table in which reasons keep their lines", () => {
  const results = [resultOf("two", { kind: "fail", reasons: ["a | b", "<c>"] })];
  assertStringIncludes(
    githubSummary({ ...summary, results }),
    "| shell/two | fail | a \\| b<br>&lt;c&gt; |\n",
  );
});

test("jsonLine() keeps verdicts and counts of attempts", () => {
  const [{ test: first }] = summary.results as [RunSummary["results"][number]];
  assertEquals(jsonLine({ kind: "attempt-finished", test: first, attempt: good }, new Date()), {
    event: "attempt-finished",
    test: "shell/one",
    attempt: good,
  });
  const finished = jsonLine({ kind: "run-finished", summary }, new Date());
  assertEquals(finished.event === "run-finished" && finished.tests[1], {
    id: "shell/second",
    verdict: bad.verdict,
    passed: 1,
    attempts: 2,
  });
});

test("dotReporter() writes a character an attempt, and the details at the end", () => {
  let text = "";
  const report = dotReporter((part) => {
    text += part;
  }, styleFor(false));
  for (const { test: of, attempts } of summary.results) {
    for (const attempt of attempts) report({ kind: "attempt-finished", test: of, attempt });
  }
  report({ kind: "run-finished", summary });
  assertStringIncludes(text, "..F\n  fail shell/second, attempt 2\n");
  assertStringIncludes(text, "1 passed, 1 failed, 1 skipped\n");
});

const known = { reason: "not yet", url: "https://example.org/1" };
const expected: RunSummary = {
  ...summary,
  results: [
    resultOf("known", { kind: "xfail", ...known, found: ["ticks"] }),
    resultOf("mended", { kind: "xpass", ...known }),
    resultOf("marked", {
      kind: "pass",
      flags: [{ text: "the prefixes are ignored", capabilities: [], missing: [] }],
    }),
  ],
};

test("tapText() has expected failures as things to do, and fails where one stays away", () => {
  const lines = tapText(expected).split("\n");
  assertEquals(
    lines.filter((line) => /^(not )?ok/.test(line)),
    ["not ok 1 - shell/known # TODO not yet", "not ok 2 - shell/mended", "ok 3 - shell/marked"],
  );
});

test("ktapText() has a directive for expected failures, and tells why a pass is marked", () => {
  const text = ktapText(expected);
  assertStringIncludes(text, "\n  ok 1 known # XFAIL not yet\n");
  assertStringIncludes(text, "\n  not ok 2 mended\n");
  assertStringIncludes(text, "\n  # the prefixes are ignored\n  ok 3 marked\n");
});

test("githubAnnotations() notes expected failures and marked passes, and is loud where one stays away", () => {
  assertEquals(githubAnnotations(expected).split("\n"), [
    "::notice title=xfail%3A shell/known::not yet https://example.org/1",
    "::error title=xpass%3A shell/mended::it passed, and was expected to fail: not yet https://example.org/1" +
      "%0Atake its xfail out of the manifest",
    "::notice title=pass%3A shell/marked::the prefixes are ignored",
    "",
  ]);
});

const steps = [
  {
    name: "outer",
    verdict: { kind: "fail", reasons: ["step 'inner': no"] },
    milliseconds: 12,
    steps: [{ name: "inner", verdict: { kind: "fail", reasons: ["no"] }, milliseconds: 3, steps: [] }],
  },
  { name: "later", verdict: { kind: "skip", reason: "not today" }, milliseconds: 0, steps: [] },
] as const;
const stepped: RunSummary = {
  ...summary,
  results: [result("steps", { ...bad, milliseconds: { script: 20 }, steps })],
};

test("steps of scripts are in every reporter", () => {
  const tap = tapText(stepped);
  assertStringIncludes(tap, "    # Subtest: shell/steps\n    1..2\n");
  assertStringIncludes(
    tap,
    "        not ok 1 - inner\n    not ok 1 - outer\n    ok 2 - later # SKIP not today\nnot ok 1 ",
  );
  assertStringIncludes(
    ktapText(stepped),
    "  # fail outer 12 ms\n  #   fail inner 3 ms\n  # skip later: not today\n",
  );
  assertStringIncludes(
    githubSummary(stepped),
    "shell/steps<br>fail outer 12 ms<br>  fail inner 3 ms<br>skip later: not today |",
  );
  const pretty = summaryText(stepped, styleFor(false));
  assertStringIncludes(pretty, "    fail outer 12 ms\n      fail inner 3 ms\n    skip later: not today\n");
  assertStringIncludes(pretty, "\n    outer    fail ");
  assertStringIncludes(pretty, "\n      inner  fail ");
  const xml = junitXml(stepped, { startedAt: new Date(0), hostname: "box" });
  assertStringIncludes(
    xml,
    "<system-out>fail outer 12 ms\n  fail inner 3 ms\nskip later: not today</system-out>",
  );
  let dots = "";
  const dot = dotReporter((part) => {
    dots += part;
  }, styleFor(false));
  dot({ kind: "run-finished", summary: stepped });
  assertStringIncludes(dots, "fail outer 12 ms\n");
  const line = jsonLine(
    { kind: "attempt-finished", test: shellTest(""), attempt: { ...good, steps } },
    new Date(),
  );
  assertEquals(line.event === "attempt-finished" && line.attempt.steps, steps);
});

test("docs/json-lines.md has every event, every verdict, and every key of the last line", () => {
  const text = readFileSync(resolve(import.meta.dir, "../../docs/json-lines.md"), "utf8");
  const has = (word: string) => text.includes(`\`${word}\``);
  const finished = jsonLine({ kind: "run-finished", summary }, new Date());
  const words = [
    ...["run-started", "phase-started", "step-finished", "attempt-finished", "run-finished"],
    ...Object.keys(summary.counts),
    ...Object.keys(finished).filter((key) => key !== "event"),
    ...Object.keys(ATTEMPT_KEYS),
  ];
  assertEquals(
    words.filter((word) => !has(word)),
    [],
  );
});

/** The compiler sees to it that none is missing. */
const ATTEMPT_KEYS: Record<keyof Required<Attempt>, true> = {
  ...{ number: true, retry: true, engine: true, verdict: true, counts: true, milliseconds: true },
  ...{ steps: true, counters: true, differences: true, crash: true, output: true, notes: true },
  ...{
    leaks: true,
    slow: true,
    divergence: true,
    threads: true,
    kernelLog: true,
    folder: true,
    trace: true,
    replay: true,
  },
};
