import { test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { defaultManifests } from "../run/mod.ts";
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
    "known here: suite, description, timeout, engine, tags, tests",
  );
});

test("checkManifest() points at wrong values, all in one go and in order", () => {
  const text = problems("suite: s\ntests:\n  - name: a b\n    command: ls\n    args: [1]\n    timeout: 0\n");
  assertEquals(
    text.split("\n").filter((line) => line.startsWith("m.yaml")),
    [
      "m.yaml:3:11: 'name': a name has letters, digits and . _ - only",
      "m.yaml:5:12: 'args' 1: expected string, received number",
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
  const suites = defaultManifests().map((path) => loadManifest(path).suite);
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
