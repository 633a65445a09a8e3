import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { checkManifest, type LoadedManifest } from "../manifest/mod.ts";
import { planTests } from "./plan.ts";

function manifest(suite: string, ...names: string[]): LoadedManifest {
  const tests = names.map((name) => `  - { name: ${name}, command: "true" }\n`).join("");
  return { ...checkManifest("m.yaml", `suite: ${suite}\ntimeout: 7\ntests:\n${tests}`, "/f"), folder: "/f" };
}

const manifests = [manifest("core", "alarm", "hle"), manifest("more", "alarm_twice")];

function ids(filter?: string): string[] {
  return planTests(manifests, filter).map(({ id }) => id);
}

test("planTests() takes all tests in order, with the manifest's defaults", () => {
  assertEquals(ids(), ["core/alarm", "core/hle", "more/alarm_twice"]);
  const [first] = planTests(manifests, undefined);
  assertEquals([first?.timeoutSeconds, first?.cwd, first?.target], [7, "/f", { kind: "host", name: "true" }]);
});

test("planTests() filters by a part of the id or by a glob", () => {
  assertEquals(ids("alarm"), ["core/alarm", "more/alarm_twice"]);
  assertEquals(ids("core/"), ["core/alarm", "core/hle"]);
  assertEquals(ids("more/*"), ["more/alarm_twice"]);
  assertEquals(ids("alarm*"), ["core/alarm", "more/alarm_twice"]);
  assertEquals(ids("{hle,alarm}"), ["core/alarm", "core/hle"]);
});

test("planTests() refuses a filter that matches nothing, and suites of the same name", () => {
  assertThrows(() => ids("alram"), UsageError, "no test matches --filter 'alram': did you mean 'alarm'?");
  assertThrows(() => planTests([manifest("a", "x"), manifest("a", "y")], undefined), UsageError, "suite 'a'");
});
