import { test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { ownManifests } from "./_own-manifests.ts";
import { checkManifest, loadManifest } from "./mod.ts";

/** The error text for a manifest. */
function problems(text: string): string {
  return assertThrows(() => checkManifest("m.yaml", text, "/nowhere"), UsageError).message;
}

const VALID = "suite: s\ntests:\n  - name: one\n    command: ls\n";

test("checkManifest() fills the defaults in", () => {
  assertEquals(checkManifest("m.yaml", VALID, "/nowhere"), {
    suite: "s",
    timeout: 60,
    engine: "embedded",
    tags: [],
    tests: [
      {
        name: "one",
        command: "ls",
        args: [],
        environment: {},
        alone: false,
        weight: 1,
        exclusive: [],
        tags: [],
        requires: [],
        unsupported: [],
        flag: [],
        xfail: [],
        expect: {},
        line: 3,
      },
    ],
  });
});

test("checkManifest() points at an unknown key and names the nearest right one", () => {
  assertEquals(
    problems(`${VALID}    timout: 5\n`),
    "m.yaml:5:5: unknown key 'timout': did you mean 'timeout'?\n    5 |     timout: 5\n      |     ^^^^^^",
  );
  assertStringIncludes(problems(`${VALID}    expect: { ticks: { mim: 3 } }\n`), "did you mean 'min'?");
  assertStringIncludes(
    problems(`xyzzy: 1\n${VALID}`),
    "known here: suite, description, timeout, engine, tags, probes, setup, teardown, defaults, tests",
  );
});

test("checkManifest() points at wrong values, all in one go and in order", () => {
  const text = problems("suite: s\ntests:\n  - name: a b\n    command: ls\n    args: [1]\n    timeout: 0\n");
  assertEquals(
    text.split("\n").filter((line) => line.startsWith("m.yaml")),
    [
      "m.yaml:3:11: 'name': a name has letters, digits and . _ - only",
      "m.yaml:5:12: 'args' 1: expected string, received number: put it in quotes, \"1\"",
      "m.yaml:6:14: 'timeout': Too small: expected number to be >0",
    ],
  );
  assertStringIncludes(problems(`${VALID}    expect: { signal: SIGTRM }\n`), "did you mean 'SIGTERM'?");
});

test("checkManifest() finds what is wrong between values", () => {
  assertStringIncludes(
    problems(`${VALID}  - name: one\n    command: ls\n`),
    "m.yaml:5:11: a second test is named",
  );
  assertStringIncludes(
    problems("suite: s\ntests:\n  - name: one\n"),
    "m.yaml:3:5: 'one' needs either 'program'",
  );
  assertStringIncludes(
    problems("suite: s\ntests:\n  - name: one\n    program: x.c\n"),
    "m.yaml:4:14: there is no",
  );
  assertStringIncludes(
    problems(`${VALID}    expect: { exit: 1, signal: SIGINT }\n`),
    "m.yaml:5:24: a program ends",
  );
});

test("checkManifest() points at a described host that is not there", () => {
  assertStringIncludes(
    problems(`${VALID}    host: haswell-kvm-4.6\n`),
    "m.yaml:5:11: no host is described as 'haswell-kvm-4.6': did you mean 'haswell-kvm-4.7'?",
  );
  assertStringIncludes(problems(`${VALID}    host: ./mine.yaml\n`), "there is no /nowhere/mine.yaml");
});

test("checkManifest() reports what is no YAML at all, and an empty file", () => {
  assertStringIncludes(problems("suite: [x\n"), "m.yaml:2:1: ");
  assertStringIncludes(problems(""), "m.yaml:1:1: the manifest: expected object");
  assertStringIncludes(problems("suite: a\nsuite: b\n"), "m.yaml:2:1: Map keys must be unique");
});

test("loadManifest() says which file cannot be read", () => {
  assertThrows(() => loadManifest("/no/such.yaml"), UsageError, "cannot read the manifest '/no/such.yaml'");
});

test("loadManifest() accepts all of tickproof's own manifests", () => {
  const suites = ownManifests().map((path) => loadManifest(path).suite);
  assertEquals(suites.includes("core"), true);
});

test("checkManifest() points at an alias of nothing, and at one too many", () => {
  assertStringIncludes(problems("suite: s\ntests: *none\n"), "m.yaml:2:8: Unresolved alias");
  const laughs = Array.from({ length: 12 }, (_, level) => {
    const inner =
      level === 0
        ? "[x, x]"
        : `[${Array(9)
            .fill(`*a${level - 1}`)
            .join(", ")}]`;
    return `k${level}: &a${level} ${inner}\n`;
  });
  assertStringIncludes(problems(laughs.join("")), "Excessive alias count");
});

/** The tests of a manifest. */
function tests(text: string) {
  return checkManifest("m.yaml", text, import.meta.dir).tests;
}

test("checkManifest() fills in what 'defaults' say: environment and expectations by key, tags added", () => {
  const [first, second] = tests(
    `suite: s
defaults:
  command: "true"
  tags: [quick]
  environment: { A: x, B: x }
  expect: { exit: 1, stdout: { equals: "" } }
tests:
  - name: one
  - name: two
    program: load.test.c
    tags: [more]
    environment: { B: y }
    expect: { signal: SIGTERM }
`.replace("load.test.c", "../../suites/alarm.c"),
  );
  assertEquals([first?.command, first?.tags, first?.expect.exit], ["true", ["quick"], 1]);
  assertEquals([second?.command, second?.program], [undefined, "../../suites/alarm.c"]);
  assertEquals(second?.tags, ["quick", "more"]);
  assertEquals(second?.environment, { A: "x", B: "y" });
  assertEquals(second?.expect, { stdout: { equals: "" }, signal: "SIGTERM" });
});

test("checkManifest() makes a test of each combination of a matrix", () => {
  const made = tests(`${VALID}    args: [-a]
    environment: { A: "1", B: "1" }
    matrix: { args: [x, [y, z]], host: [haswell, null], environment: { B: ["2"] } }
`);
  assertEquals(
    made.map(({ name, args, host, environment }) => [name, args, host, environment.A, environment.B]),
    [
      ["one[host=haswell,args=x,B=2]", ["-a", "x"], "haswell", "1", "2"],
      ["one[host=haswell,args=y_z,B=2]", ["-a", "y", "z"], "haswell", "1", "2"],
      ["one[host=this,args=x,B=2]", ["-a", "x"], undefined, "1", "2"],
      ["one[host=this,args=y_z,B=2]", ["-a", "y", "z"], undefined, "1", "2"],
    ],
  );
});

test("checkManifest() points into matrices, and at what defaults have wrong", () => {
  assertStringIncludes(
    problems(`${VALID}    matrix: { args: [a], exclude: [{ args: b }] }\n`),
    "m.yaml:5:36: no combination",
  );
  assertStringIncludes(
    problems(`${VALID}    matrix: { host: [haswel] }\n`),
    "m.yaml:5:22: no host is described as 'haswel': did you mean 'haswell'?",
  );
  assertStringIncludes(
    problems(`${VALID}    matrix: { args: [[a, 3]] }\n`),
    "m.yaml:5:26: 'args' 1.2: expected string, received number: put it in quotes",
  );
  assertStringIncludes(problems(`${VALID}    matrix: { argss: [a] }\n`), "did you mean 'args'?");
  assertStringIncludes(
    problems("suite: s\ndefaults: { host: haswel, command: ls }\ntests: [{ name: a }]\n"),
    "m.yaml:2:19: no host is described as 'haswel'",
  );
  assertStringIncludes(
    problems("suite: s\ndefaults: { nam: x }\ntests: [{ name: a }]\n"),
    "m.yaml:2:13: unknown key 'nam'",
  );
  const axis = Array.from({ length: 1000 }, (_, index) => `"${index}"`).join(", ");
  const entries = Array.from({ length: 6 }, (_, index) => `  - name: t${index}\n`).join("");
  assertStringIncludes(
    problems(`suite: s\ndefaults: { command: ls, matrix: { args: [${axis}] } }\ntests:\n${entries}`),
    "m.yaml:4:3: the matrices make 6000 tests or more: at most 5000",
  );
});

test("checkManifest() checks programs, files and signals", () => {
  const of = (lines: string) => problems(`suite: s\ntests:\n  - name: one\n${lines}`);
  assertStringIncludes(
    of("    build: { sources: [load.ts, x.c] }\n"),
    "m.yaml:4:33: there is no /nowhere/x.c",
  );
  assertStringIncludes(of("    build: { sources: x.c, flag: [a] }\n"), "did you mean 'flags'?");
  assertStringIncludes(of("    build: { sources: x.c, flags: [-O2, '@f'] }\n"), "m.yaml:4:41: 'flags' 2");
  assertStringIncludes(of("    build: { sources: x.c, language: rust }\n"), "m.yaml:4:38: 'language'");
  assertStringIncludes(of("    command: ls\n    program: x.c\n"), "needs either 'program'");
  assertStringIncludes(
    of("    command: ls\n    files: { ../x: a }\n"),
    "m.yaml:5:14: '../x': a file's path stays",
  );
  assertStringIncludes(
    of("    command: ls\n    files: { a: { copi: x } }\n"),
    "unknown key 'copi': did you mean 'copy'?",
  );
  assertStringIncludes(of("    command: ls\n    files: { x/..: a }\n"), "a file's path stays");
  assertStringIncludes(
    of("    command: ls\n    files: { x: a, x/y: b }\n"),
    "'x' is a file, and can't be a folder",
  );
  assertStringIncludes(of("    command: ls\n    files: { /x: a }\n"), "a file's path stays");
  assertStringIncludes(
    of("    command: ls\n    files: { x: { copy: y } }\n"),
    "m.yaml:5:25: there is no /nowhere/y",
  );
  const signals = (text: string) => of(`    command: ls\n    signals: [${text}]\n`);
  assertStringIncludes(signals("{ send: SIGTRM, at: { ms: 1 } }"), "m.yaml:5:23: 'send' cannot be 'SIGTRM'");
  assertStringIncludes(
    signals("{ send: SIGTERM, at: { ms: 1, ticks: 2 } }"),
    "m.yaml:5:36: 'at': a time is one",
  );
  assertStringIncludes(
    signals("{ send: SIGTERM, at: { output: '(' } }"),
    "m.yaml:5:46: 'output': no regular",
  );
});

test("checkManifest() checks expectations", () => {
  const expect = (text: string) => problems(`${VALID}    expect: { ${text} }\n`);
  assertStringIncludes(expect("stdout: { matches: [a, '[z-a]'] }"), "m.yaml:5:38: 'matches' 2: no regular");
  assertStringIncludes(expect("stdout: { matches: /a/q }"), "no regular expression");
  assertStringIncludes(expect("ticks: { min: 3, max: 2 }"), "m.yaml:5:22: 'ticks': 'min' is above 'max'");
  assertStringIncludes(expect("ticks: { baseline: 5 }"), "m.yaml:5:34: 'baseline'");
  assertStringIncludes(expect("ticks: 1.5"), "m.yaml:5:22: ");
  assertStringIncludes(expect("counters: { page-fault: 1 }"), "did you mean 'page-faults'?");
  assertStringIncludes(
    problems(`${VALID}    host: haswell\n    expect: { overhead: { max: 2 } }\n`),
    "m.yaml:6:25: 'overhead' is of the native run, and there is none on a described host",
  );
});

test("checkManifest() checks what 'defaults' expect, and counters on a matrix's hosts", () => {
  assertStringIncludes(
    problems(
      "suite: s\ndefaults: { expect: { exit: 1, signal: SIGINT } }\ntests: [{ name: a, command: ls }]\n",
    ),
    "m.yaml:2:32: a program ends by 'exit' or by 'signal'",
  );
  const matrix = "    matrix: { host: [null, haswell] }\n    expect: { counters: { page-faults: 1 } }\n";
  assertStringIncludes(problems(`${VALID}${matrix}`), "m.yaml:6:25: 'counters' is of the native run");
});

test("checkManifest() takes exact counts for bounds", () => {
  const [first] = tests(`${VALID}    expect: { ticks: 12, events: 3, counters: { page-faults: 7 } }\n`);
  assertEquals(first?.expect.ticks, { min: 12, max: 12 });
  assertEquals(first?.expect.events, { min: 3, max: 3 });
  assertEquals(first?.expect.counters, { "page-faults": { min: 7, max: 7 } });
});

test("loadManifest() refuses what is no regular file of UTF-8, and says what it is", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-manifest-"));
  const path = join(folder, "m.yaml");
  const refused = (bytes: Uint8Array | string) => {
    writeFileSync(path, bytes);
    return assertThrows(() => loadManifest(path), UsageError).message;
  };
  try {
    assertStringIncludes(refused(Buffer.from(`\uFEFF${VALID}`, "utf16le")), "it is UTF-16: save it as UTF-8");
    assertStringIncludes(
      refused(Buffer.from(`${VALID}    tags: [caf\xe9]\n`, "latin1")),
      "line 5 has bytes that are no UTF-8",
    );
    writeFileSync(path, `\uFEFF${VALID}`);
    assertEquals(loadManifest(path).suite, "s");
    const fifo = join(folder, "fifo");
    assertEquals(Bun.spawnSync(["mkfifo", fifo]).exitCode, 0);
    assertStringIncludes(assertThrows(() => loadManifest(fifo), UsageError).message, "it is no regular file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("checkManifest() quotes a bare number as it was written, and shows of a long line what is around the place", () => {
  assertStringIncludes(problems(`${VALID}    args: [010]\n`), 'put it in quotes, "010"');
  const long = `${VALID}    environment: { A: "${"x".repeat(20_000)}", B: [] }\n`;
  const shown = problems(long);
  assertEquals(
    shown.split("\n").every((line) => line.length < 300),
    true,
  );
  const [, source = "", caret = ""] = shown.split("\n");
  assertEquals(source.slice(caret.indexOf("^")).startsWith("[]"), true);
});
