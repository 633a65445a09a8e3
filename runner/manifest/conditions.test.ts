import { test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import type { Conditions } from "./conditions.ts";
import { checkManifest } from "./mod.ts";

const HEAD = "suite: s\ntests:\n  - name: one\n    command: ls\n";

function conditions(lines: string): Conditions {
  const [entry] = checkManifest("m.yaml", HEAD + lines, "/nowhere").tests;
  if (entry === undefined) throw new Error("no test");
  return entry;
}

function problem(lines: string): string {
  return assertThrows(() => checkManifest("m.yaml", HEAD + lines, "/nowhere"), UsageError).message;
}

test("checkManifest() takes conditions as a bare name, a list, an object, or a list of both", () => {
  assertEquals(conditions("    requires: pmu\n").requires, [{ when: ["pmu"], engine: [] }]);
  assertEquals(conditions("    requires: [pmu, in-tx]\n").requires, [
    { when: ["pmu"], engine: [] },
    { when: ["in-tx"], engine: [] },
  ]);
  const url = "https://example.org/1";
  const full = `{ when: kvm-in-txcp-bug, engine: rr, reason: it drops ticks, url: "${url}" }`;
  const wanted = { when: ["kvm-in-txcp-bug"], engine: ["rr" as const], reason: "it drops ticks", url };
  assertEquals(conditions(`    unsupported: ${full}\n`).unsupported, [wanted]);
  assertEquals(conditions(`    flag: [hle-ignored, ${full}]\n`).flag, [
    { when: ["hle-ignored"], engine: [] },
    wanted,
  ]);
  assertEquals(conditions("    xfail: { engine: [embedded], reason: not yet }\n").xfail, [
    { when: [], engine: ["embedded"], reason: "not yet" },
  ]);
});

test("checkManifest() points at an unknown capability and names the nearest right one", () => {
  assertEquals(
    problem("    requires: [pmu, in-txpc]\n"),
    "m.yaml:5:21: unknown capability 'in-txpc': did you mean 'in-txcp'?\n" +
      "    5 |     requires: [pmu, in-txpc]\n      |                     ^^^^^^^",
  );
  assertStringIncludes(problem("    flag: hle-ignord\n"), "m.yaml:5:11: unknown capability");
  assertStringIncludes(problem("    xfail:\n      - when: kvm-bug\n"), "m.yaml:6:15: unknown capability");
  assertStringIncludes(problem("    requires: perfect-pitch\n"), "'tickproof doctor' lists them");
});

test("checkManifest() points at wrong keys and values inside of conditions", () => {
  assertStringIncludes(
    problem("    unsupported: { when: pmu, reasn: x }\n"),
    "m.yaml:5:31: unknown key 'reasn': did you mean 'reason'?",
  );
  assertStringIncludes(
    problem("    unsupported:\n      - { when: pmu, engin: rr }\n"),
    "m.yaml:6:22: unknown key 'engin': did you mean 'engine'?",
  );
  assertStringIncludes(problem("    flag: { when: pmu, engine: qr }\n"), "m.yaml:5:32: 'engine'");
  assertStringIncludes(problem("    flag: { when: pmu, url: there }\n"), "m.yaml:5:29: 'url'");
  assertStringIncludes(problem("    requires: 7\n"), "m.yaml:5:15: ");
});

test("checkManifest() wants conditions to say something", () => {
  assertStringIncludes(problem("    requires: { engine: rr, reason: x }\n"), "'requires' needs 'when'");
  assertStringIncludes(problem("    xfail: { engine: rr }\n"), "'xfail' needs 'when' (capabilities) or a");
});
