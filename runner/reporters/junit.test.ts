import { test } from "bun:test";
import { resolve } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { validateXML } from "xmllint-wasm";
import type { RunSummary } from "../run/mod.ts";
import { bad, good, result, resultOf, summary } from "./_fixtures.ts";
import { junitXml } from "./junit.ts";

const INFO = { startedAt: new Date("2026-11-24T12:00:00.5Z"), hostname: "box" };

/** What the schema has against a document. */
async function problems(xml: string): Promise<readonly unknown[]> {
  const schema = await Bun.file(resolve(import.meta.dir, "fixtures/junit.xsd")).text();
  const { errors } = await validateXML({ xml: [{ fileName: "x.xml", contents: xml }], schema: [schema] });
  return errors;
}

const every: RunSummary = {
  ...summary,
  results: [
    ...summary.results,
    { ...result("flaky", bad, good), verdict: { kind: "pass" } },
    result("twice", bad, { ...bad, number: 3 }),
    resultOf("slow", { kind: "timeout", phase: "record", seconds: 5 }),
    resultOf("odd", { kind: "broken", reason: "no \u0000 and no \uD800 here: <&>\"'" }),
    resultOf("known", { kind: "xfail", reason: "not yet", url: "https://example.org/1", found: ["ticks"] }),
    resultOf("mended", { kind: "xpass", reason: "not yet" }),
  ],
};

test("junitXml() is valid by the schema, whatever the verdicts and texts", async () => {
  assertEquals(await problems(junitXml(summary, INFO)), []);
  assertEquals(await problems(junitXml(every, INFO)), []);
  const wrong = junitXml(every, INFO)
    .replaceAll("<testcase", "<testkase")
    .replaceAll("</testcase", "</testkase");
  assertEquals((await problems(wrong)).length > 0, true);
});

test("junitXml() counts failures and errors, and gives skips their reason", () => {
  const xml = junitXml(every, INFO);
  assertStringIncludes(xml, '<testsuite name="shell" tests="9" failures="4" errors="1" skipped="2"');
  assertStringIncludes(xml, 'timestamp="2026-11-24T12:00:00" hostname="box"');
  assertStringIncludes(xml, `<skipped message="this host has no 'x'"/>`);
  assertStringIncludes(xml, '<skipped message="xfail: not yet https://example.org/1"/>');
  assertStringIncludes(xml, '<failure message="it passed, and was expected to fail: not yet" type="xpass">');
});

test("junitXml() tells flaky tests and reruns in Surefire's way", () => {
  const xml = junitXml(every, INFO);
  const [, flaky = ""] = xml.split('name="flaky"');
  assertStringIncludes(
    flaky.split("</testcase>")[0] ?? "",
    '<flakyFailure message="ticks: recorded 1, replayed 2" type="fail">',
  );
  const [, twice = ""] = xml.split('name="twice"');
  const own = twice.split("</testcase>")[0] ?? "";
  assertEquals([own.split("<failure").length - 1, own.split("<rerunFailure").length - 1], [1, 1]);
});
